"""The W switch: the balancer's supply, on and off. Carries out a policy with `by: "w"`, and guards a stored pack.

Until it is driven, and after the firmware's end, the switch's resistor decides. While the balancer is off on purpose
its link is `asleep`. What is decided, and why: w_step.py.
"""

from evencell.compat import const, sleep_ms
from evencell.pack.pack import ASLEEP, LINKS
from evencell.protocol.jk_balancer import read_request
from evencell.runtime.lazy import lazy

_STEP_MS = const(10_000)
_TRIAL_STEP_MS = const(2_000)
_POLL_MS = const(2_000)  # for a poll that is under way to end, before the supply does
_TIMEOUT_MS = const(1_000)
_TRIAL_S = const(24)  # with the steps above it ends within 30 s
_READING_S = const(7)  # and within 10 s of the first answer
_STEPS = "evencell.control.w_step"


def output_of(board, config: dict):
    """What drives the W switch of `control.w`; None where no pin is named for it."""
    is_inverted = config["inverted"]
    return board.w_output(config["resistor"] == "on" if is_inverted is None else is_inverted)


def start(context, states: list):
    """Start the switch of the first pack. `states`: of the policies (state.py); empty without one."""
    config = context.config["control"]["w"]
    output = output_of(context.board, config)
    if output is None:
        text = "control.w: %s has no pin for it: name one as pins.w_output; not used" % context.board.name
        context.config_faults.append(text)
        context.log.warning("configuration: " + text)
        return None
    by_w = states and context.config["control"]["policy"]["by"] == "w"
    switch = WSwitch(context, output, config, states[0] if by_w else None)
    context.at_end.append(output.release)
    context.supervisor.start("w", switch.run)
    return switch


class WSwitch:
    """The W switch of one pack. Times are seconds of uptime.

    `settings`: the pack's entry in the configuration.

    `level`: None while the resistor decides, else whether it is driven on; `since_s`. `policy`: the state of the policy
    that it carries out, or None: then the balancer stays on. `deadline_s`: of a trial, which switches on in order to
    read; else 0. `answered_s`: of the first answer since it is on, or None. `next_s`: when an off balancer is switched
    on. `is_good`: whether the last reading had nothing against switching on; `kept_s`: when that was kept, or None.
    `cycles`: of the supply, without an answer; `cycled_s`: UNIX time of the last one, 0 for none; `cycled_up_s`: its
    uptime, None before the start; `is_cycle`: the next trial belongs to it. `is_insisted`: an owner wants a reading.
    """

    __slots__ = (
        "_address",
        "_answers",
        "_context",
        "answered_s",
        "config",
        "cycled_s",
        "cycled_up_s",
        "cycles",
        "deadline_s",
        "is_cycle",
        "is_good",
        "is_insisted",
        "kept_s",
        "level",
        "next_s",
        "output",
        "pack",
        "policy",
        "readings",
        "reason",
        "settings",
        "since_s",
    )

    def __init__(self, context, output, config: dict, policy):
        settings = context.config["packs"][0]
        self._context = context
        self._address = settings["address"]
        self.settings = settings
        self.output = output
        self.config = config
        self.policy = policy
        self.pack = context.hub.packs[0]
        self.level = self.answered_s = self.kept_s = None
        self.reason = "released: its resistor keeps the balancer %s" % config["resistor"]
        self.since_s = self.next_s = self.deadline_s = self._answers = 0
        self.is_good, self.cycles, self.cycled_s, self.cycled_up_s = False, 0, 0, None
        self.is_insisted = self.is_cycle = False
        self.readings = None  # of a sample (w_measure.py)
        with lazy(_STEPS) as steps:
            steps.restore(self, context)

    async def run(self):
        """Step without end; where that fails the resistor decides until it is started again."""
        try:
            await self._run()
        finally:
            self.output.release()
            self.level, self.deadline_s = None, 0

    async def _run(self):
        clock, lock = self._context.clock, self._context.lazy_lock
        while True:
            await sleep_ms(_TRIAL_STEP_MS if self.deadline_s else _STEP_MS)
            if self.deadline_s and self.answered_s is None and await self._has_answer():
                self.answered_s = clock.uptime_ms() // 1000
                self.deadline_s = min(self.deadline_s, self.answered_s + _READING_S)
            if self.deadline_s:
                scope = await lock.wait(_TIMEOUT_MS, is_urgent=True)
            else:
                scope = await lock.wait(is_urgent=True)
            now_s = clock.uptime_ms() // 1000
            if scope:
                try:
                    is_off = scope.load(_STEPS).step(self, self._context, now_s)
                finally:
                    lock.close(scope)
                if is_off:
                    await self._switch_off()
            elif self.deadline_s and now_s >= self.deadline_s:
                self.drive(False)  # whether or not there is memory to judge the reading

    def switch_on(self):
        """Switch on in order to read."""
        now_s = self.drive(True)
        self.answered_s = None
        self.deadline_s = now_s + _TRIAL_S
        self.is_insisted = False
        self._answers = self.pack.bus.answers

    async def _switch_off(self):
        """Switch off on purpose, between two polls."""
        self.set_link(ASLEEP)
        await sleep_ms(_POLL_MS)
        self.drive(False)

    def drive(self, is_on: bool) -> int:
        """Drive the switch; returns the time."""
        self.output.drive(is_on)
        self.level = is_on
        self.deadline_s = 0
        self.since_s = self._context.clock.uptime_ms() // 1000
        return self.since_s

    def set_link(self, link: int | None):
        """Set the pack's link, and post it; None: the next poll sets it."""
        if link != self.pack.link:
            self.pack.link = link
            if link is not None:
                self._context.log.info("%s: link %s" % (self.pack.name, LINKS[link]))
                self._context.hub.post("link", self.pack.name, "link", LINKS[link])

    async def _has_answer(self) -> bool:
        """Whether the balancer answers. Its polls begin with that, so that its start counts as no fault of the line."""
        pack = self.pack
        if pack.link != ASLEEP:  # it is polled
            return pack.bus.answers != self._answers
        if await pack.bus.query(read_request(self._address), _TIMEOUT_MS) < 0:
            return False
        self.set_link(None)
        return True
