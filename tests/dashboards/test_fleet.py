"""The files for Prometheus, Grafana and a fleet fit their schemas, each other, and the options of checkload."""

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from locust.argument_parser import get_parser

from harness.locust_plugin.options import add_options
from harness.network import METRICS_PORT

ROOT = Path(__file__).parents[2]
DASHBOARDS = ROOT / "dashboards"
COMPOSE = DASHBOARDS / "compose.yaml"
KUBERNETES = DASHBOARDS / "kubernetes"
OPERATOR = KUBERNETES / "operator" / "locust-test.yaml"
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


def _compose():
    return yaml.safe_load(COMPOSE.read_text())


def _services():
    return _compose()["services"]


def _kustomization():
    return yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())


def _manifests():
    return [
        one for name in _kustomization()["resources"] for one in yaml.safe_load_all((KUBERNETES / name).read_text())
    ]


def _one(kind, name):
    (found,) = [one for one in _manifests() if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def _container(kind, name):
    (container,) = _one(kind, name)["spec"]["template"]["spec"]["containers"]
    return container


def _parsed(arguments):
    parser = get_parser()
    add_options(parser, ["baseline"])
    options, unknown = parser.parse_known_args([DEFAULT.sub(r"\1", one) for one in arguments])
    assert unknown == []
    return options


def test_the_compose_file_fits_its_schema():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_port_of_compose_is_on_loopback():
    ports = [port for service in _services().values() for port in service.get("ports", [])]
    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_path_in_compose_exists():
    bound = [mount.split(":")[0] for service in _services().values() for mount in service.get("volumes", [])]
    paths = [DASHBOARDS / one for one in bound if one.startswith(".")]
    assert len(paths) == 5
    assert [str(path) for path in paths if not path.exists()] == []
    assert len(list((DASHBOARDS / "grafana" / "dashboards").glob("*.json"))) == 4
    assert list((DASHBOARDS / "prometheus" / "rules").glob("*.yml"))


def test_blocks_of_finished_runs_go_into_the_store_of_prometheus():
    services = _services()
    (store,) = [one.partition("=")[2] for one in services["prometheus"]["command"] if "tsdb.path" in one]
    *_, into = services["replay"]["entrypoint"]
    assert into.rstrip("/") == store
    assert f"prometheus:{store}" in services["prometheus"]["volumes"]
    assert f"prometheus:{store}" in services["replay"]["volumes"]
    assert services["replay"]["image"] == services["prometheus"]["image"]


def test_every_image_is_pinned():
    images = [service["image"] for service in _services().values()]
    images += re.findall(r"^FROM (\S+)", (DASHBOARDS / "Dockerfile").read_text(), re.MULTILINE)
    images.append(yaml.safe_load(OPERATOR.read_text())["spec"]["image"])
    assert len(images) == 9
    for image in images:
        assert re.search(r":v?\d+\.\d+\.\d+(-[\w.-]+)?$", image), image


def test_our_image_has_our_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service["image"] for service in _services().values() if "build" in service} == {f"checkload:{version}"}
    assert yaml.safe_load(OPERATOR.read_text())["spec"]["image"] == f"checkload:{version}"
    assert [one["newTag"] for one in _kustomization()["images"]] == [version]


def test_the_image_gets_every_package_it_installs_and_ships_what_it_copies():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    copied = set(chain(*(line.split()[1:-1] for line in _lines("Dockerfile") if line.startswith("COPY "))))
    folders = {package.partition(".")[0] for package in packages}
    assert folders - {"locust_plugins"} <= copied  # that one lies within scenarios
    assert [name for name in copied if not (ROOT / name).exists()] == []
    admitted = {line.removeprefix("!") for line in _lines("Dockerfile.dockerignore") if line.startswith("!")}
    assert copied == admitted


def _lines(name):
    return (DASHBOARDS / name).read_text().splitlines()


@pytest.mark.parametrize("service", ["master", "worker"])
def test_options_in_compose_are_valid(service):
    options = _parsed(_services()[service]["command"])
    assert (options.master, options.worker) == (service == "master", service == "worker")
    assert options.scenario == "baseline"


def test_a_master_in_compose_can_be_reached_by_its_workers_and_by_prometheus():
    options = _parsed(_services()["master"]["command"])
    assert (options.master_bind_host, options.metrics_host) == ("0.0.0.0", "0.0.0.0")
    assert _parsed(_services()["worker"]["command"]).master_host in _services()
    prometheus = yaml.safe_load((DASHBOARDS / "fleet" / "prometheus.yml").read_text())
    targets = [one["targets"] for one in prometheus["scrape_configs"][0]["static_configs"]]
    assert [f"master:{METRICS_PORT}"] in targets
    interval = int(prometheus["global"]["scrape_interval"].removesuffix("s"))
    assert options.metrics_linger > interval


def test_the_target_in_compose_is_allowed_and_exists():
    options = _parsed(_services()["master"]["command"])
    assert options.host == "http://shop:8765"
    assert options.allow_target == ["shop"]
    assert _services()["shop"]["command"][-1] == "8765"


def test_grafana_finds_its_dashboards_and_their_data_source():
    provider = yaml.safe_load((DASHBOARDS / "grafana/provisioning/dashboards/checkload.yaml").read_text())
    (path,) = [one["options"]["path"] for one in provider["providers"]]
    assert path in [mount.split(":")[1] for mount in _services()["grafana"]["volumes"]]
    source = yaml.safe_load((DASHBOARDS / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    (source,) = source["datasources"]
    assert source["url"] == "http://prometheus:9090"
    scrape = yaml.safe_load((DASHBOARDS / "fleet" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape


@pytest.mark.parametrize("manifest", _manifests(), ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_kubernetes_manifests_fit_their_schemas(manifest):
    if manifest["kind"] == "ServiceMonitor":  # Prometheus operator's; what we use of it
        Draft202012Validator(SERVICE_MONITOR).validate(manifest)
    else:
        kubernetes_validate.validate(manifest, "1.32", strict=True)


def test_the_strict_schema_refuses_a_misspelled_key():
    manifest = _one("Service", "checkload-master")
    manifest["spec"]["porst"] = manifest["spec"].pop("ports")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.32", strict=True)


def test_the_kubernetes_manifests_refer_to_each_other():
    service = _one("Service", "checkload-master")
    ports = {port["name"]: port["containerPort"] for port in _container("Job", "checkload-master")["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports
    assert ports["metrics"] == METRICS_PORT
    selected = service["spec"]["selector"].items()
    assert selected <= _one("Job", "checkload-master")["spec"]["template"]["metadata"]["labels"].items()
    monitor = _one("ServiceMonitor", "checkload")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [one["port"] for one in monitor["endpoints"]] == ["metrics"]
    workers = _one("Deployment", "checkload-worker")["spec"]
    assert workers["selector"]["matchLabels"].items() <= workers["template"]["metadata"]["labels"].items()
    generated = {one["name"] for one in _kustomization()["configMapGenerator"]}
    for container in (_container("Job", "checkload-master"), _container("Deployment", "checkload-worker")):
        assert {one["configMapRef"]["name"] for one in container["envFrom"]} <= generated
        assert container["image"] in {one["name"] for one in _kustomization()["images"]}


def test_options_in_kubernetes_are_valid(monkeypatch):
    settings = dict(line.split("=", 1) for line in (KUBERNETES / "load.env").read_text().split())
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    master = _parsed(_container("Job", "checkload-master")["args"])
    worker = _parsed(_container("Deployment", "checkload-worker")["args"])
    assert master.host == f"https://{master.allow_target[0]}"
    assert worker.master_host == _one("Service", "checkload-master")["metadata"]["name"]
    assert master.scenario == worker.scenario == settings["CHECKLOAD_SCENARIO"]
    assert master.expect_workers == _one("Deployment", "checkload-worker")["spec"]["replicas"]
    assert [one["count"] for one in _kustomization()["replicas"]] == [master.expect_workers]


def test_the_resource_of_the_operator_is_valid():
    resource = yaml.safe_load(OPERATOR.read_text())
    Draft202012Validator(LOCUST_TEST).validate(resource)
    options = _parsed(resource["spec"]["args"].split())
    assert options.headless
    assert options.host == f"https://{options.allow_target[0]}"
    assert options.metrics_host == "0.0.0.0"


RESOURCES = {
    "type": "object",
    "properties": {"resources": {"type": "object", "properties": {"requests": {"type": "object"}}}},
    "additionalProperties": False,
}
LOCUST_TEST = {
    "type": "object",
    "properties": {
        "apiVersion": {"const": "locust.io/v1"},
        "kind": {"const": "LocustTest"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": {
            "type": "object",
            "required": ["image", "workers"],
            "properties": {
                "image": {"type": "string"},
                "workers": {"type": "integer", "minimum": 1},
                "args": {"type": "string"},
                "env": {"type": "array"},
                "labels": {"type": "object"},
                "annotations": {"type": "object"},
                "master": RESOURCES,
                "worker": RESOURCES,
            },
            "additionalProperties": False,
        },
    },
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
}
"""What the documentation of Locust's operator says of its resource."""

SERVICE_MONITOR = {
    "type": "object",
    "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"},
        "kind": {"const": "ServiceMonitor"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": {
            "type": "object",
            "required": ["selector", "endpoints"],
            "properties": {
                "selector": {"type": "object", "required": ["matchLabels"]},
                "endpoints": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "port": {"type": "string"},
                            "interval": {"type": "string", "pattern": r"^\d+s$"},
                            "scrapeTimeout": {"type": "string", "pattern": r"^\d+s$"},
                        },
                        "additionalProperties": False,
                    },
                },
            },
            "additionalProperties": False,
        },
    },
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
}
"""The part of the Prometheus operator's resource that we use."""
