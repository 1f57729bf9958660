"""What a result says about the machine it was made on."""

from harness.versions import machine_kind


def test_the_kind_of_a_machine_is_its_processor_and_its_cores(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nmodel name\t: AMD  EPYC 7763\nprocessor : 1\nmodel name\t: AMD  EPYC 7763\n")
    cores, kind = machine_kind(file).split(" x ")
    assert int(cores) >= 1
    assert kind == "AMD EPYC 7763"
    assert machine_kind(tmp_path / "nowhere").endswith("unknown processor")
