"""The script of the pipelines that keeps one comment on a pull request: against a service on this machine."""

import importlib.util
import json
import runpy
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "pipelines" / "post_comment.py"
MARK = "<!-- checkload smoke -->"


def _script():
    spec = importlib.util.spec_from_file_location("post_comment", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Service:
    """Keeps comments as GitHub, GitLab and Azure do, and asks for the token."""

    def __init__(self):
        self.comments = {}  # number: text
        self.asked = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                document = json.loads(self.rfile.read(length) or b"null")
                token = self.headers.get("Authorization", "") + self.headers.get("PRIVATE-TOKEN", "")
                body = json.dumps(service.handle(self.command, self.path, document)).encode()
                self.send_response(200 if "secret" in token else 403)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - the names that the class looks for

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def handle(self, method, path, document):
        parts = urlsplit(path)
        self.asked.append((method, parts.path))
        azure = parts.path.startswith("/org/")
        if method == "GET" and azure:
            return {"value": [{"id": n, "comments": [{"content": text}]} for n, text in self.comments.items()]}
        if method == "GET":
            page = int(parse_qs(parts.query)["page"][0])
            rows = [{"id": number, "body": text} for number, text in self.comments.items()]
            return rows[(page - 1) * 100 : page * 100]
        if method == "POST":
            number = len(self.comments) + 1
            self.comments[number] = document["comments"][0]["content"] if azure else document["body"]
            return {"id": number}
        number = int(parts.path.removesuffix("/comments/1").rpartition("/")[2])
        self.comments[number] = document["content"] if azure else document["body"]
        return {"id": number}

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service():
    running = Service()
    yield running
    running.close()


ENVIRONMENTS = {
    "github": {
        "GITHUB_REPOSITORY": "me/shop",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_API_URL": "{url}",
        "GITHUB_TOKEN": "secret",
    },
    "jenkins": {"GITHUB_REPOSITORY": "me/shop", "NUMBER": "7", "GITHUB_API_URL": "{url}", "GITHUB_TOKEN": "secret"},
    "gitlab": {
        "CI_API_V4_URL": "{url}/api/v4",
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "CHECKLOAD_TOKEN": "secret",
    },
    "azure": {
        "SYSTEM_COLLECTIONURI": "{url}/org/",
        "SYSTEM_TEAMPROJECTID": "p",
        "BUILD_REPOSITORY_ID": "r",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_ACCESSTOKEN": "secret",
    },
}


def environment(name, service):
    return {key: value.format(url=service.url) for key, value in ENVIRONMENTS[name].items()}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_comment_is_added_once_and_replaced_afterwards(service, name):
    post, env = _script().post, environment(name, service)
    service.comments[1] = "A person's comment about <!-- checkload smoke -->."
    assert post(f"{MARK}\nfailed\n", env) == "A comment was added."
    assert post(f"{MARK}\npassed\n", env) == "The earlier comment was replaced."
    assert post("<!-- checkload peak -->\nfailed\n", env) == "A comment was added."
    assert list(service.comments.values())[1:] == [f"{MARK}\npassed\n", "<!-- checkload peak -->\nfailed\n"]
    assert service.comments[1].startswith("A person's")


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_the_earlier_comment_is_found_among_many(service, name):
    service.comments.update(dict.fromkeys(range(1, 250), "a word"))
    service.comments[230] = f"{MARK}\nold"
    assert "replaced" in _script().post(f"{MARK}\nnew", environment(name, service))
    assert service.comments[230] == f"{MARK}\nnew"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"GITHUB_REPOSITORY": ""}, "belongs to no pull request"),
        ({"GITHUB_TOKEN": None}, "GITHUB_TOKEN is missing"),
        ({"GITHUB_TOKEN": "wrong"}, "403"),
        ({"GITHUB_API_URL": "http://127.0.0.1:1"}, "the service refused it"),
    ],
)
def test_a_comment_that_cannot_be_written_never_decides_the_pipeline(
    service, tmp_path, monkeypatch, capsys, changed, says
):
    env = {**environment("github", service), **changed}
    path = tmp_path / "comment.md"
    path.write_text(f"{MARK}\npassed")
    monkeypatch.setattr("os.environ", {key: value for key, value in env.items() if value is not None})
    monkeypatch.setattr("sys.argv", [str(SCRIPT), str(path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    said = capsys.readouterr()
    assert (ended.value.code, said.err) == (0, "")
    assert says in said.out
    assert "secret" not in said.out
