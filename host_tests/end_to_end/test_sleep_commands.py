"""Commands to a device that sleeps, which wait in its session at a broker: each is carried out once, or refused."""

import json

import pytest

from host_tests.end_to_end.asleep import HOURS, Asleep, asleep

WRITABLE = {"mqtt": {"commands": True}, "packs": [{"writable": True}]}


def begun(device: Asleep, has_clock: bool = True) -> Asleep:
    if has_clock:
        device.sleeper.clock_s = device.sleeper.now_s
    device.begin()
    return device


def send(device: Asleep, value, setting: str = "trigger_mv", retain: bool = False, expires_in_s: float = 0, **more):
    """Publish a command: a bare value, or with an end where `expires_in_s` is given."""
    if expires_in_s:
        more["expires"] = int(device.sleeper.now_s + expires_in_s)
    payload = json.dumps({"value": value, **more} if more else value)
    device.listener.say(f"evencell/{device.id}/pack1/set/{setting}", payload, retain)


def results(device: Asleep) -> list[tuple]:
    """Id, active value and error of each result."""
    device.sync()
    found = [json.loads(payload) for payload in device.listener.payloads("/result")]
    return [(result["id"], result["active"], result["error"]) for result in found]


def test_command_waits_at_the_broker_and_is_carried_out_once(tmp_path):
    with asleep(tmp_path, **WRITABLE) as device:
        begun(device)
        send(device, 25, expires_in_s=7 * HOURS, id="a")
        device.wake(2)
        assert device.balancer.written == []
        device.wake(cause="button")
        assert results(device) == [("a", 25, None)]
        assert device.balancer.written == [("trigger_mv", 25)]
        device.wake(2, cause="button")
        assert len(results(device)) == 1
        assert device.sequences() == list(range(1, device.sequences()[-1] + 1))


def test_what_is_bare_retained_or_expired_is_refused_with_a_result(tmp_path):
    with asleep(tmp_path, **WRITABLE) as device:
        device.wake()  # which makes its id
        send(device, 5, retain=True)
        begun(device)
        send(device, 6)
        send(device, 7, expires_in_s=600, id="short")
        send(device, 8, expires_in_s=2 * HOURS, id="long")
        device.wake()
        device.wake(cause="button")
        assert device.balancer.written == [("trigger_mv", 8)]
        found = results(device)
        assert [error for _, _, error in found] == [
            "A retained command is not carried out: publish it without the retain flag.",
            "The command waited while the device was away, and needs expires then: nothing was written.",
            "The command came too late, it has expired: send it again.",
            None,
        ]
        assert [ident for ident, _, _ in found] == [None, None, "short", "long"]


def test_doubled_and_out_of_order_commands_are_carried_out_once_in_the_order_of_the_first(tmp_path):
    with asleep(tmp_path, **WRITABLE) as device:
        begun(device)
        for value in (21, 22, 21, 22, 21):
            send(device, value, expires_in_s=HOURS, id=str(value))
        device.wake(cause="button")
        assert device.balancer.written == [("trigger_mv", 21), ("trigger_mv", 22)]
        send(device, 21, expires_in_s=2 * HOURS, id="21")  # in another report
        device.wake(cause="button")
        assert len(device.balancer.written) == 2
        assert [error for _, _, error in results(device)] == [None] * 6


def test_nothing_that_expires_is_carried_out_without_a_clock(tmp_path):
    with asleep(tmp_path, **WRITABLE) as device:
        begun(device, has_clock=False)
        send(device, 25, expires_in_s=7 * HOURS)
        device.wake(cause="button")
        assert (
            results(device)[0][2]
            == "The command expires, and this device does not know the time yet: send it again once it does."
        )
        assert device.balancer.written == []


def test_more_commands_than_a_broker_sends_at_once_are_all_carried_out(tmp_path):
    with asleep(tmp_path, **WRITABLE) as device:
        begun(device)
        values = list(range(11, 34))
        for value in values:
            send(device, value, expires_in_s=HOURS, id=value)
        for _ in range(len(values)):  # the rest of what takes too long comes with the next report
            if len(device.balancer.written) < len(values):
                device.wake(cause="button")
        assert [value for _, value in device.balancer.written] == values
        assert [ident for ident, _, _ in results(device)] == values


HANG = """from evencell.forward.mqtt.client import MqttClient
async def hang(*_):
    print("hangs")
    while True:
        pass
"""


@pytest.mark.parametrize("before", ["acknowledge", "publish"])
def test_power_cut_between_carrying_out_and_the_result_costs_neither(tmp_path, before):
    """Before PUBACK the broker sends the command again; behind it the result waits on the flash."""
    with asleep(tmp_path, **WRITABLE) as device:
        begun(device)
        command = device.sleeper.command
        send(device, 25, expires_in_s=2 * HOURS, id="a")
        condition = "if 'result' in topic: await hang()" if before == "publish" else "await hang()"
        device.run_before(f"""{HANG}
true = MqttClient.{before}
async def stop(self, topic, *more, **options):
    topic = str(topic)
    {condition}
    await true(self, topic, *more, **options)
MqttClient.{before} = stop
""")
        process = device.sleeper.start("button")
        while "hangs" not in process.stdout.readline():
            assert process.poll() is None
        device.sleeper.kill(process)
        device.sleeper.lose_power()
        device.sleeper.clock_s = device.sleeper.now_s
        assert device.balancer.written == [("trigger_mv", 25)]
        assert results(device) == []
        device.sleeper.command = command
        device.wake(2)
        assert set(results(device)) == {("a", 25, None)}
        assert device.balancer.written == [("trigger_mv", 25)]
