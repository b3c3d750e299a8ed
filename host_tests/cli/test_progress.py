"""What takes long says so: no long silence at the first set-up and build."""

import sys

import pytest

from tools.build import tree as build
from tools.cli import progress
from tools.dev import bootstrap


def test_set_up_prints_what_it_installs_and_progress(monkeypatch, capfd):
    monkeypatch.setattr(bootstrap, "_STILL_EVERY_S", 0.05)
    bootstrap.run("a program", [sys.executable, "-c", "import time; time.sleep(0.3)"], "It failed.")
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "  a program ..."
    assert lines[1] == "  a program: 0 s so far"


def test_set_up_failure_ends_with_the_remedy():
    with pytest.raises(SystemExit, match="Is there a connection"):
        bootstrap.run("a program", [sys.executable, "-c", "raise SystemExit(3)"], "Is there a connection?")


def test_layer_prints_its_duration(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    for _ in range(2):
        bootstrap.once("flash", lambda: None)
    said = capsys.readouterr().out
    assert said.count("up to half a minute") == 1
    assert "done in 0 s" in said


def test_long_build_prints_progress(monkeypatch, capsys, tmp_path):
    now_s = 0.0
    monkeypatch.setattr(progress, "_is_shown", True)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(build, "sources_of", lambda *_: dict.fromkeys(map(str, range(20)), tmp_path))

    def put(_source, _tree, name, _board):
        nonlocal now_s
        now_s += 1
        return name

    monkeypatch.setattr(build, "put", put)
    build.build_tree(tmp_path, {"name": "host", "chip": "host"}, "full")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "1 of 20 files",
        "6 of 20 files",
        "11 of 20 files",
        "16 of 20 files",
    ]
