"""The release: what is made of a folder of images, and the workflow as far as it can be read here."""

import base64
import hashlib
import json
import re
import shlex
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from evencell import __version__
from host_tests.build import chip_image, evencell_image
from host_tests.portable import ROOT
from host_tests.update.signing import key
from tools.build import image, names
from tools.build.common import BuildError
from tools.build.tree import board_data, board_names
from tools.release import release
from tools.update import build as update_image
from tools.update import image as images

WORKFLOW = Path(ROOT) / ".github/workflows/release.yml"
NEEDING = [name for name in board_names() if name != "host" and "psram" not in board_data(name)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Images of all boards, made up."""
    (tmp_path / names.FILE).write_text(names.whole("a <module> - firmware/a.py:1 <module>\n"))
    for name in NEEDING:
        board = board_data(name)
        (tmp_path / f"evencell-{name}-{__version__}.bin").write_bytes(evencell_image.whole(board))
        application = evencell_image.application(board)
        (tmp_path / f"evencell-{name}-{__version__}.app-bin").write_bytes(application)
        update_image.write(images.of_firmware(board, __version__, application, names.id_in(tmp_path)), tmp_path, None)
    return tmp_path


class Page(HTMLParser):
    """What the buttons and the script of a page name."""

    def __init__(self, text: str):
        super().__init__()
        self.manifests, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "esp-web-install-button":
            self.manifests.append(dict(attrs)["manifest"])
        elif tag == "script":
            self.scripts.append(dict(attrs)["src"])


def test_every_file_has_its_checksum(folder):
    names = release.complete(folder)
    assert sorted(names) == sorted(path.name for path in folder.iterdir())
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == set(names) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder).returncode == 0


def test_the_page_offers_every_image_at_its_address(folder):
    release.complete(folder)
    page = Page((folder / "index.html").read_text())
    assert page.manifests == [f"{name}.json" for name in NEEDING]
    assert page.scripts == [release.WEB_TOOLS] and release.WEB_TOOLS in image._PAGE
    for name in NEEDING:
        manifest = json.loads((folder / f"{name}.json").read_text())
        (build,) = manifest["builds"]
        (part,) = build["parts"]
        assert (folder / part["path"]).exists()
        assert (build["chipFamily"], part["offset"]) in (("ESP32", 0x1000), ("ESP32-C3", 0))
        assert manifest["version"] == __version__ and manifest["new_install_prompt_erase"] is True


def test_tag_of_another_version_is_refused(folder):
    result = CliRunner().invoke(release.main, [str(folder), "--tag", "v9.9.9"])
    assert result.exit_code == 1 and "The tag is v9.9.9" in result.output
    assert not (folder / "SHA256SUMS").exists()


def test_updates_of_boards_that_run_from_files_are_signed_and_taken_by_the_next(scratch, tmp_path):
    key("release").save(tmp_path / "update.pem")
    text = base64.b64encode(key("release").public.modulus)
    for name in ("esp32_generic", "waveshare_s3_rs485_can"):
        release.add_update(tmp_path, board_data(name), tmp_path / "update.pem", text, "0123456789ab")
        image = images.read(tmp_path / f"evencell-{name}-{__version__}.evencell")
        assert key("release").public.verifies(image.header, bytes.fromhex(image.signature))
        assert text in image.body and image.about["names"] == "0123456789ab"
    assert not list(scratch.glob("*/*.evencell"))


@pytest.mark.parametrize(
    "what", ["another version", "MicroPython", "no application", "no update", "no names", "nothing"]
)
def test_incomplete_release_is_refused(folder, what):
    path = folder / f"evencell-esp32_generic-{__version__}.bin"
    if what == "another version":
        path.write_bytes(evencell_image.whole(board_data("esp32_generic"), version="0.0.9"))
    elif what == "MicroPython":
        path.write_bytes(chip_image.micropython())
    elif what == "no application":
        path.with_suffix(".app-bin").unlink()
    elif what == "no update":
        path.with_name(f"{path.stem}-firmware.evencell").unlink()
    elif what == "no names":
        (folder / names.FILE).unlink()
    else:
        for file in folder.iterdir():
            file.unlink()
    with pytest.raises(click.ClickException):
        release.complete(folder)


def test_update_of_another_build_is_refused(folder):
    board = board_data("esp32_generic")
    update_image.write(images.of_firmware(board, __version__, b"another"), folder, None)
    with pytest.raises(BuildError, match="is of another build"):
        release.complete(folder)


def test_names_of_another_build_are_refused(folder):
    release.complete(folder)
    (folder / names.FILE).write_text(names.whole("b <module> - firmware/b.py:1 <module>\n"))
    with pytest.raises(BuildError, match="is of another build"):
        release.complete(folder)


def steps() -> list[dict]:
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflow_builds_every_board_that_needs_an_image():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # `on` is a boolean in YAML 1.1
    assert workflow["jobs"]["image"]["strategy"]["matrix"]["board"] == NEEDING
    assert workflow["jobs"]["release"]["needs"] == "image"


def test_commands_of_the_workflow_exist():
    targets = set(re.findall(r"^([a-z]+):", (Path(ROOT) / "Makefile").read_text(), re.MULTILINE))
    commands = [shlex.split(step["run"]) for step in steps() if "run" in step]
    assert {command[1] for command in commands if command[0] == "make"} == {"firmware", "setup"} <= targets
    modules = [command[2] for command in commands if command[:2] == [".venv/bin/python", "-m"]]
    assert modules == ["tools.release.release"]


def test_the_workflow_uses_actions_of_a_named_version():
    for step in steps():
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/none@v1"))
