"""Writes what docs/power.md says of energy, and its pictures, from the model: `make drawings`."""

from dataclasses import dataclass, replace
from pathlib import Path

from tools.build.common import ROOT
from tools.docs.power_drawings import switched_at_w, switched_in_supply
from tools.energy.advice import steps
from tools.energy.awake import BY_MODE, BY_SPEED, MODES, SPEEDS_MHZ, Row
from tools.energy.figures import AWAKE_MA, CASES, CONVERTER_MA, FIGURES, HIGH, IDLE_MA, TYPICAL, Figure
from tools.energy.model import Energy, energy, lived
from tools.energy.phases import Phase, reading, report
from tools.energy.plan import Plan
from tools.energy.plot import in_words, short, svg
from tools.energy.sources import SOURCES, Source

USUAL = Plan("esp32_generic")
SPARING = Plan("esp32_c3_supermini", balancer="v+", converter="low-iq")

# What decides over each consumer, and what lessens it.
REASONS = {
    "balancer": "always on, whether it balances or not. A switch in V+; at W, if W cuts its supply",
    "board asleep": "its voltage regulator, USB bridge and LEDs: the chip itself takes 0.01 mA. Another board",
    "transceiver asleep": "it goes on listening, as DE and RE are joined. evencell can't switch it off",
    "converter without load": "its own current, day and night. A converter with a low quiescent current",
    "readings": "the start of MicroPython and evencell's modules, not the exchange. A longer interval",
    "reports": "the time with the radio on. Fewer reports; own firmware starts sooner, by how much is not known",
    "self-discharge": "the pack itself. Store it cool",
}


@dataclass(frozen=True)
class Example:
    """A story, and the plans that are compared in it: options of the command, beside those of all, and their names."""

    title: str
    story: str
    options: str
    plans: dict[str, tuple[str, Plan]]
    packs: int = 1
    needed_days: int = 0


# Days, wakes and reports of `python -m tools.bench.asleep --days 90`, of which the last day is without disturbances.
LIVED = (91.0, 5_152, 189)

_SCOOTER = Plan("esp32_c3_supermini", interval_s=3_600, report_s=86_400, converter="low-iq")
_SHED = Plan("esp32_generic", interval_s=300, report_s=3_600, pack_ah=40)
_FLEET = Plan("esp32_c3_supermini", interval_s=21_600, report_s=86_400, pack_ah=30, chemistry="nmc")
EXAMPLES = (
    Example(
        "Scooter in winter",
        "20 Ah LFP, from November to March without a charger, 150 days. A reading each hour, a report each day.",
        "--board esp32_c3_supermini --interval 1h --report 1d --converter low-iq",
        {
            "balancer always on": ("", _SCOOTER),
            "switched at W": ("--balancer w", replace(_SCOOTER, balancer="w")),
            "switched in V+": ("--balancer v+", replace(_SCOOTER, balancer="v+")),
        },
        needed_days=150,
    ),
    Example(
        "Solar shed",
        "40 Ah LFP, charged by the sun, with three weeks of snow. A reading each 5 minutes, a report each hour.",
        "--board esp32_generic --interval 5m --report 1h --pack-ah 40",
        {
            "as it is bought": ("", _SHED),
            "another converter": ("--converter low-iq", replace(_SHED, converter="low-iq")),
            "and V+ switched": ("--converter low-iq --balancer v+", replace(_SHED, converter="low-iq", balancer="v+")),
        },
        needed_days=21,
    ),
    Example(
        "Fleet of 50 packs",
        "30 Ah NMC each, in a store: what has to be charged each month. A reading each 6 hours, a report each day.",
        "--board esp32_c3_supermini --interval 6h --report 1d --pack-ah 30 --chemistry nmc",
        {
            "as it is bought": ("", _FLEET),
            "another converter": ("--converter low-iq", replace(_FLEET, converter="low-iq")),
            "and V+ switched": ("--converter low-iq --balancer v+", replace(_FLEET, converter="low-iq", balancer="v+")),
        },
        packs=50,
    ),
)


def main():
    for path, text in files().items():
        path.write_text(text)


def files() -> dict[Path, str]:
    """Every file that is made, with its content."""
    images = ROOT / "docs/images"
    return {
        ROOT / "docs/power.md": page((ROOT / "docs/power.md").read_text()),
        images / "energy.svg": svg(energy(USUAL), steps(USUAL)),
        images / "power-w.svg": switched_at_w(),
        images / "power-supply.svg": switched_in_supply(),
    }


def page(text: str) -> str:
    """The document with its made blocks anew."""
    for name, block in BLOCKS.items():
        before, begin, rest = text.partition(f"<!-- {name}: made by `make drawings` -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        if not end:
            raise ValueError(f"docs/power.md has no place for {name}")
        text = f"{before}{begin}{block()}{end}{after}"
    return text


def consumers() -> str:
    """What takes how much: as it is bought, and as sparing as can be."""
    usual, sparing = energy(USUAL), energy(SPARING)
    rows = "".join(
        f"| {line.name} | {in_words(line.mah)} | {in_words(_same(sparing, line.name))} | {REASONS[line.name]} |\n"
        for line in usual.lines
    )
    total = f"| **all together** | **{in_words(usual.day_mah)}** | **{in_words(sparing.day_mah)}** | |\n"
    days = f"| **days, 20 Ah** | **{in_words(usual.days)}** | **{in_words(sparing.days)}** | |\n"
    head = "| mAh a day, typical (low to high) | `esp32_generic`, LM2596, balancer always on | `esp32_c3_supermini`, "
    head += "low-Iq converter, V+ switched | what decides, and what lessens it |\n|---|--:|--:|---|\n"
    return f"{head}{rows}{total}{days}"


def _same(result: Energy, name: str) -> tuple[float, ...]:
    return next(line.mah for line in result.lines if line.name == name)


def examples() -> str:
    """The worked examples, each with its command."""
    return "\n".join(map(_example, EXAMPLES))


def _example(example: Example) -> str:
    rows = "".join(_plan_row(example, *each) for each in example.plans.items())
    last = "charge for all, Ah a month" if example.packs > 1 else f"lasts {example.needed_days} days"
    return (
        f"#### {example.title}\n\n{example.story} `evencell energy {example.options}` and:\n\n"
        f"| | options | mAh a day | days (low to high) | {last} |\n|---|---|--:|--:|---|\n{rows}"
    )


def _plan_row(example: Example, name: str, option_and_plan: tuple[str, Plan]) -> str:
    options, plan = option_and_plan
    result = energy(plan)
    days = in_words(result.days)
    if result.days_if_w_cuts_nothing:
        days += f"; if W cuts nothing {in_words(result.days_if_w_cuts_nothing)}"
    shown = f"`{options}`" if options else ""
    return f"| {name} | {shown} | {short(result.day_mah[TYPICAL])} | {days} | {_judgement(example, result)} |\n"


def _judgement(example: Example, result: Energy) -> str:
    if example.packs > 1:
        return short(example.packs * result.month_mah[TYPICAL] / 1000)
    if result.days_if_w_cuts_nothing:
        return "unverified"
    if result.days[HIGH] >= example.needed_days:
        return "yes"
    return "typically" if result.days[TYPICAL] >= example.needed_days else "no"


def life() -> str:
    """What a day takes in the simulated 90 days, beside what it takes by the settings alone."""
    planned, simulated = energy(SPARING), lived(SPARING, *LIVED)
    rows = "".join(
        f"| {line.name} | {short(line.mah[TYPICAL])} | {short(_same(simulated, line.name)[TYPICAL])} |\n"
        for line in planned.lines
    )
    total = f"| **all together** | **{short(planned.day_mah[TYPICAL])}** | **{short(simulated.day_mah[TYPICAL])}** |\n"
    return f"| mAh a day, typical | as configured | as simulated |\n|---|--:|--:|\n{rows}{total}"


def wake() -> str:
    """The phases of a reading and of a report, of the usual plan."""
    head = "| phase | s | mA at 5 V | µAh at 5 V |\n|---|--:|--:|--:|\n"
    parts = (("A reading", reading(USUAL, TYPICAL)), ("A report adds", report(USUAL, TYPICAL)))
    return head + "".join(f"| **{title}** | | | |\n{''.join(map(_phase_row, phases))}" for title, phases in parts)


def _phase_row(phase: Phase) -> str:
    return f"| {phase.name} | {phase.seconds:.2f} | {phase.milliamps:.0f} | {short(1000 * phase.mah)} |\n"


def boards() -> str:
    """What each board takes in deep sleep."""
    head = "| board | at 5 V: low, typical, high | sources |\n|---|---|---|\n"
    return head + "".join(_board_row(name, figure) for name, figure in IDLE_MA.items())


def _board_row(name: str, figure: Figure | None) -> str:
    if figure is None:
        return f"| `{name}` | not known: measure it, `--idle-ma` | |\n"
    remark = f"; {figure.remark}" if figure.remark else ""
    return f"| `{name}` | {_values(figure)}{remark} | {_numbers(figure.sources)} |\n"


def figures() -> str:
    """All other figures, and the sources by number."""
    head = "| figure | low, typical, high | sources |\n|---|---|---|\n"
    shown = [*FIGURES.values(), *AWAKE_MA.values(), *CONVERTER_MA.values()]
    rows = "".join(f"| {_name(each)} | {_values(each)} | {_numbers(each.sources)} |\n" for each in shown)
    sources = "".join(
        f"| {number} | {source.kind} | {_link(source)} |\n" for number, source in enumerate(SOURCES.values(), 1)
    )
    return f"{head}{rows}\n| | kind | source |\n|--:|---|---|\n{sources}"


def awake() -> str:
    """What a device that stays awake takes."""
    modes = "".join(f" `{mode}` |" for mode in MODES)
    speeds = "".join(f" {mhz} MHz |" for mhz in SPEEDS_MHZ)
    by_mode = f"| mA, `wifi.power_save` |{modes} sources |\n|---|--:|--:|--:|---|\n{_rows(BY_MODE)}"
    return f"{by_mode}\n| mA, `power.cpu_mhz` |{speeds} sources |\n|---|--:|--:|--:|---|\n{_rows(BY_SPEED)}"


def _rows(rows: tuple[Row, ...]) -> str:
    return "".join(f"| {row.name} | {' | '.join(row.values)} | {_numbers(row.sources)} |\n" for row in rows)


def _name(figure: Figure) -> str:
    return f"{figure.name} ({figure.remark})" if figure.remark else figure.name


def _values(figure: Figure) -> str:
    numbers = ", ".join(f"{figure.values[case]:g}" for case in CASES)
    return f"{numbers} {figure.unit}".rstrip()


def _numbers(names: tuple[str, ...]) -> str:
    places = {name: number for number, name in enumerate(SOURCES, 1)}
    return ", ".join(str(places[name]) for name in names)


def _link(source: Source) -> str:
    if not source.url:
        return source.title
    url = source.url if source.url.startswith("http") else f"../{source.url}"
    return f"[{source.title}]({url})"


BLOCKS = {
    "consumers": consumers,
    "examples": examples,
    "life": life,
    "wake": wake,
    "boards": boards,
    "awake": awake,
    "figures": figures,
}


if __name__ == "__main__":
    main()
