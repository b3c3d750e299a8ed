"""Handlers of the connection to the broker. Loaded on demand."""


def handlers(context, topic: str, consumer, republish) -> list:
    """The handlers that the configuration asks for.

    Each has `on_connect(client)` for a new connection, `on_message(topic, payload, age)` for each message that is
    received, and `on_update(client)` for each change; `on_connect` and `on_update` may raise OSError.
    """
    settings, found = context.config["mqtt"], []
    if settings["discovery"]:
        from evencell.forward.mqtt.home_assistant import HomeAssistant

        found.append(HomeAssistant(context, republish))
    if context.config["time"]["mqtt"] and context.board.set_time:
        from evencell.forward.mqtt.time_source import BrokerTime

        found.append(BrokerTime(context))
    if settings["commands"]:
        from evencell.forward.mqtt.commands import Commands

        found.append(Commands(context, consumer.wake))
    control = context.config.get("control")
    if control and control["policy"]["preset"] != "off":
        from evencell.forward.mqtt.policy import PolicyTopic

        found.append(PolicyTopic(context, topic))
    if control and control["w"]["enabled"]:
        from evencell.forward.mqtt.w_topic import WTopic

        found.append(WTopic(context, topic))
    if context.outbox:
        from evencell.forward.outbox.mqtt_sink import MqttSink

        found.append(MqttSink(context, topic, consumer))
    return found
