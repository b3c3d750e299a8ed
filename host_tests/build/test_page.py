"""The page's files as the build makes them, and that both languages have every word."""

import ast
import base64
import gzip
import hashlib
import json
import re
import subprocess

import pytest

from boards.chips import NAMES as PINS
from evencell.config.wrong_value import ALLOWED
from evencell.display.text.en import TEXTS as ON_DISPLAY
from evencell.link.diagnosis import VERDICTS
from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import LINKS
from evencell.pack.status import BALANCE_STATES
from host_tests.config_rules import RULES
from tools.build import page
from tools.build.common import FIRMWARE, ROOT, BuildError, node_program

BUDGET_BYTES = 40_000  # of the first view, with status, log and an hour of history beside these files
FIRST_VIEW_BYTES = 30_500
SETUP_BYTES = 15_000  # the page of first contact, both languages included
VIEWS = ("now", "history", "health", "device")
TEXTS = {name: path.read_text("utf-8") for name, path in page.sources().items()}
FIRST_WORDS = {language: json.loads(TEXTS[f"{language}.json"]) for language in ("en", "de")}
SETTINGS_WORDS = {language: json.loads(TEXTS[f"settings.{language}.json"]) for language in ("en", "de")}
UPDATE_WORDS = {language: json.loads(TEXTS[f"update.{language}.json"]) for language in ("en", "de")}
POLICY_WORDS = {language: json.loads(TEXTS[f"policy.{language}.json"]) for language in ("en", "de")}
RULES_WORDS = {language: json.loads(TEXTS[f"rules.{language}.json"]) for language in ("en", "de")}
WORDS = {
    language: FIRST_WORDS[language]
    | SETTINGS_WORDS[language]
    | UPDATE_WORDS[language]
    | POLICY_WORDS[language]
    | RULES_WORDS[language]
    for language in ("en", "de")
}
SENTENCES = json.loads(TEXTS["sentences.de.json"])
SETUP_WORDS = json.loads(TEXTS["setup_words.js"].split("WORDS = ")[1].rstrip(";\n"))
SETUP_CODE = "".join(TEXTS[name] for name in TEXTS if name.startswith("setup") and name != "setup_words.js")
PAGE_CODE = "".join(TEXTS[name] for name in TEXTS if name.endswith(".js") and not name.startswith("setup"))
FILES = {name.rsplit("/", 1)[1]: content for name, content in page.built().items()}


def text(name: str) -> str:
    return gzip.decompress(FILES[name + ".gz"]).decode()


def test_the_first_view_is_small_and_the_other_views_are_not_part_of_it():
    first = ("index.html.gz", "page.css.gz", "app.js.gz", "de.json.gz", "icon.png")
    assert sum(len(FILES[name]) for name in first) <= FIRST_VIEW_BYTES < BUDGET_BYTES
    for name in ("history.js", "health.js", "settings.js", "device.js"):
        assert name + ".gz" in FILES
    assert "history.csv" not in text("app.js")
    assert not {name for name in FILES if name.startswith("settings")} - {
        "settings.js.gz", "settings.en.json.gz", "settings.de.json.gz",
    }  # fmt: skip


def test_the_policy_allows_this_start_script_and_no_other():
    document = text("index.html")
    script = re.search(r"<script>(.*?)</script>", document, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', document)[1]
    assert f"script-src 'self' 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert document.count("<script>") == 1
    assert not re.search(r' style="| on\w+="', document)


def test_the_page_of_first_contact_is_one_small_document_that_asks_for_no_other_file():
    document = text("setup.html")
    assert len(FILES["setup.html.gz"]) <= SETUP_BYTES
    assert not {name for name in FILES if name.startswith(("setup", "rating", "theme"))} - {"setup.html.gz"}
    assert not re.search(r'(?:src|href)="/', document)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', document)[1]
    for tag, kind in (("style", "style-src"), ('script type="module"', "script-src")):
        inside = re.search(rf"<{tag}>(.*?)</{tag.split()[0]}>", document, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}';" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert not re.search(r' style="| on\w+="', document)


def test_what_the_build_puts_into_a_document_must_be_there_once():
    with pytest.raises(BuildError, match="lacks <style>, or has it twice"):
        page.replaced("<style><style>", "<style>", "")


def test_every_address_carries_the_hash_of_all_sources(monkeypatch):
    version = re.search(r'data-version="\?(\w+)"', text("index.html"))[1]
    for address in re.findall(r'(?:src|href)="(/page/[^"]+)"', text("index.html")):
        assert address.endswith("?" + version)
    assert f'from "./app.js?{version}"' in text("history.js")
    monkeypatch.setattr(page, "sources", lambda: {**page_sources_with_a_changed_word()})
    changed = gzip.decompress(page.built()[f"{page.FOLDER}/index.html.gz"]).decode()
    assert version not in changed


def page_sources_with_a_changed_word() -> dict:
    class Changed:
        def __init__(self, name):
            self._name = name

        def read_text(self, _encoding):
            return TEXTS[self._name] + ("\n" if self._name == "en.json" else "")

    return {name: Changed(name) for name in TEXTS}


def test_nothing_is_fetched_from_elsewhere():
    for name in FILES:
        if name.endswith(".gz") and not name.endswith(".json.gz"):  # words are only shown
            found = re.findall(r"https?://[^\s\"'`]+", text(name[:-3]))
            own = {"http://{page}/", "http://{page}/.", "http://${host}/"}  # the device's
            assert set(found) <= {"http://www.w3.org/2000/svg", *own}, name


def test_modules_come_after_what_they_import():
    modules = {"a.js": 'import { b } from "./b.js";\nb();\n', "b.js": "export function b() {}\n"}
    assert page.order("a.js", modules) == ["b.js", "a.js"]
    assert page.joined({name: modules[name] for name in ("b.js", "a.js")}) == "export function b() {}\nb();\n"


def test_a_circle_of_imports_is_an_error():
    circle = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    with pytest.raises(BuildError, match=r"a\.js imports itself"):
        page.order("a.js", circle)


def test_a_name_that_two_modules_declare_is_an_error():
    with pytest.raises(BuildError, match=r"load is declared in a\.js and in b\.js"):
        page.joined({"a.js": "function load() {}\n", "b.js": "const load = 1;\n"})


def test_a_view_is_joined_with_its_own_modules_and_takes_the_rest_from_the_first_file():
    modules = {
        "app.js": 'import { c } from "./c.js";\nc();\n',
        "c.js": "export function c() {}\nexport const d = 1;\n",
        "view.js": 'import { c, d } from "./c.js";\nimport { part } from "./part.js";\npart(c, d);\n',
        "part.js": 'import { c } from "./c.js";\nexport function part() { c(); }\n',
    }
    assert page.views(modules) == {"app.js", "view.js"}
    found = page.chunk("view.js", modules, ["c.js", "app.js"], "1")
    assert found == 'import { c, d } from "./app.js?1";\nexport function part() { c(); }\npart(c, d);\n'


def test_a_literal_over_several_lines_is_an_error():
    with pytest.raises(BuildError, match="template literal"):
        page.stripped("const text = `a\n  b`;\n")


def test_comments_go_and_strings_stay():
    source = '// one\n/** two\n * three */\nconst a = "http://b"; // four\n  f(a);\n'
    assert page.stripped(source) == 'const a = "http://b"; // four\nf(a);\n'


# ---- words ----


def test_both_languages_have_the_same_keys_and_placeholders():
    # English comes from the device, unless it names a key of the configuration.
    only_german = {key for key in WORDS["de"] if re.fullmatch(r"line\.\w+\.remedy", key)} - set(WORDS["en"])
    assert set(WORDS["de"]) - only_german == set(WORDS["en"])
    for key, english in WORDS["en"].items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", WORDS["de"][key])), key


def test_every_key_that_the_page_uses_has_its_words():
    code = PAGE_CODE
    used = set(re.findall(r'\bt\("([\w.]+)"', code)) | set(re.findall(r'\b(?:t|count)\([^"`()]*\? "([\w.]+)"', code))
    assert len(used) > 100
    for key in used:
        assert key in WORDS["en"] or f"{key}.one" in WORDS["en"], key


def test_every_key_is_used():
    families = re.findall(r"`([\w.]+\.)\$\{", PAGE_CODE)
    for key in WORDS["en"]:
        known = key.removesuffix(".one").removesuffix(".many")
        in_family = any(key.startswith(family) for family in families)
        assert f'"{known}"' in PAGE_CODE or in_family or key in ("true", "false"), key


def form_keys() -> set[str]:
    """The keys of the configuration that the page's forms have; those of lists are `packs.name`."""
    module = page.sources()["settings_table.js"].as_uri()
    script = f'import {{ SECTIONS }} from "{module}"; console.log(JSON.stringify(Object.values(SECTIONS).flat()))'
    command = [node_program(), "--input-type=module", "-e", script]
    fields = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    keys = {key for key, *_ in fields}
    return keys | {f"{key}.{inner}" for key, kind, *rest in fields if kind == "list" for inner, *_ in rest[0]["fields"]}


def test_the_forms_have_keys_of_the_configuration_and_their_words():
    keys = form_keys()
    assert keys - {"wifi.fallback_ap"} <= {key.replace("[]", "") for key in RULES}
    words = SETTINGS_WORDS["en"]
    assert {f"config.{key}" for key in keys} <= set(words)
    named = keys | {f"pins.{name}" for name in PINS}
    parts = {"more", "quote", "kept", "unset", "remove", "from", "until"}
    for key in words:
        if key.startswith("config."):
            name = re.sub(r"\.(tip|add|scan|item)$", "", key.removeprefix("config."))
            assert name in named or name in parts, key
    assert {f"config.pins.{name}" for name in PINS} <= set(words)


def texts_of_the_firmware() -> set[str]:
    """Every string in its source."""
    paths = [*FIRMWARE.glob("**/*.py"), *ROOT.glob("boards/*.py")]
    found = (node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_translated_sentence_is_one_of_the_firmware():
    """Behind a key and a colon too, or in two pieces."""
    texts = texts_of_the_firmware()
    beginnings = texts | {text.partition(": ")[2] for text in texts}
    for english, german in SENTENCES.items():
        pieces = [english[: len(text)] for text in beginnings if len(text) >= 20 and english.startswith(text)]
        is_joined = any(english[len(piece) :] in texts for piece in pieces)
        assert english in texts or is_joined or any(text.endswith(": " + english) for text in texts), english
        slots = len(re.findall(r"%s%s|%[sdg]|\{\w+\}", english)) + english.endswith((": ", " "))
        assert {int(slot) for slot in re.findall(r"\{(\d)\}", german)} <= set(range(1, slots + 1)), english


def test_every_kind_of_value_has_its_words_in_german():
    for words in ALLOWED.values():
        assert words in SENTENCES, words


def test_the_words_of_the_settings_are_not_part_of_the_first_view():
    assert not set(FIRST_WORDS["en"]) & set(SETTINGS_WORDS["en"])


def test_the_words_of_first_contact_are_whole_in_both_languages():
    english, german = SETUP_WORDS["en"], SETUP_WORDS["de"]
    assert list(english) == list(german)
    for key, words in english.items():
        assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", german[key])), key
    used = re.findall(r'(?:\bt\(|data-t=|say\(\$\("\w+"\), )"([\w.]+)"', SETUP_CODE)
    assert len(used) > 40 and set(used) <= set(english)
    families = tuple(re.findall(r"`([\w.]+\.)\$\{", SETUP_CODE))
    for key in english:
        assert f'"{key}"' in SETUP_CODE or key.startswith(families), key


def test_what_the_device_may_say_has_words_in_both_languages():
    keys = [f"line.{verdict.replace(' ', '_')}" for verdict in VERDICTS]
    keys += [f"link.{link}" for link in (*LINKS, "asleep")]
    keys += [f"state.{state}" for state in BALANCE_STATES]
    keys += [f"alarm.{alarm}{part}" for alarm in ALARMS for part in ("", ".remedy")]
    keys += [f"counter.doubted_{reason}{part}" for reason in REASONS[1:] for part in ("", ".tip")]
    for key in keys:
        assert key in WORDS["en"] and key in WORDS["de"], key
    for verdict in set(VERDICTS) - {"ok"}:
        assert f"line.{verdict.replace(' ', '_')}.remedy" in WORDS["de"]


@pytest.mark.parametrize("language", WORDS)
def test_no_text_shows_a_raw_key(language):
    remedies = {f"line.{verdict.replace(' ', '_')}.remedy": text for verdict, text in ON_DISPLAY["remedies"].items()}
    shown = {**(remedies if language == "en" else {}), **WORDS[language]}
    for key, words in shown.items():
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", re.sub(r"\{\w+\}", "", words)) == [], key
