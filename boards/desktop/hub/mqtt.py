# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""One device's MQTT connection: the hub's dialect on one side, the core on the other.

The rules are the hub's, not a broker's: only documented topics, QoS 2 ends the connection, every
answer and notification is sent at QoS 0, cloud-to-device messages at QoS 1 and done with PUBACK.
Keep alive and patience go by the loop's time, as sockets do; tokens by the hub's clock.
"""

import math
from enum import Enum, auto

from boards.desktop.broker import packets
from boards.desktop.broker.packets import PacketRefused
from boards.desktop.broker.secure import common_name

from .core import Capability, Closing
from .faults import Plan, Step
from .mqtt_front import (
    RETAINED,
    Front,
    Rejected,
    error_body,
    event_properties,
    message_properties,
    will_properties,
)
from .mqtt_link import Link
from .mqtt_sessions import Subscription
from .mqtt_topics import (
    Feature,
    Operation,
    Request,
    cloud_message_topic,
    desired_topic,
    method_topic,
    read_filter,
    read_topic,
    takes_status,
    twin_answer_topic,
)
from .refusals import HubError

_GOOD = _OK, _NO_CONTENT = 200, 204
_CAPABILITIES = {
    Feature.CLOUD_MESSAGES: Capability.CLOUD_MESSAGES,
    Feature.DESIRED: Capability.DESIRED,
    Feature.METHODS: Capability.METHODS,
}
_STEPS = {
    Operation.TELEMETRY: Step.TELEMETRY,
    Operation.TWIN_READ: Step.TWIN_READ,
    Operation.REPORT: Step.REPORT,
    Operation.METHOD_ANSWER: Step.METHOD_ANSWER,
}


# A lock of the queue: what the client does not acknowledge waits for its next connection.
_AS_LONG_AS_CONNECTED = math.inf

# [MQTT-3.1.2-24]
_KEEPALIVE_FACTOR = 1.5


class State(Enum):
    """What a connection does."""

    AWAITING_CONNECT = auto()
    ACCEPTING = auto()
    CONNECTED = auto()


class Connection(Link):
    """One device's connection; to the core it is a peer.

    :param Front front: what it shares with the other connections
    """

    def __init__(self, front: Front):
        super().__init__(front)
        self.capable: set[Capability] = set()
        self._core = front.core
        self._state = State.AWAITING_CONNECT
        self._identity = None
        self._session = None
        self._will = None

    @property
    def is_connected(self) -> bool:
        """Whether the device has been let in, and has not ended."""
        return self._state is State.CONNECTED and not self._ended

    @property
    def name(self) -> str:
        """Who it is, for reports."""
        return "(not connected)" if self._identity is None else self._identity.common_name

    # ------------------------------------------------------------ called by the core

    def replaced(self) -> None:
        """Another connection of this device begins."""
        self.close_gently()

    def close(self, reason: Closing | None = None) -> None:
        """The core wants it closed, or the WebSocket has been."""
        if reason is not None:
            self._front.count(f"closed_{reason.name.lower()}")
            self._front.report(f"{self.name}: {reason.name}")
        self.close_gently()

    def wake(self) -> None:
        """Send the cloud-to-device messages that wait."""
        while self._takes_messages():
            queued = self._core.next_message(self._identity, self, _AS_LONG_AS_CONNECTED)
            if queued is None:
                break
            plan = self._plan(Step.CLOUD_MESSAGE)
            self._carry_out(plan, self._send_cloud_message, queued, plan)

    def desired(self, patch: bytes, version: int) -> None:
        """Desired properties have changed."""
        self._notify(Step.DESIRED, desired_topic(version), patch)

    def method(self, request_id: str, name: str, body: bytes) -> None:
        """Somebody calls a method."""
        self._notify(Step.METHOD, method_topic(name, request_id), body)

    # ------------------------------------------------------------ the client's packets

    def _is_ready(self) -> bool:
        # A CONNECT that waits makes all that follows it wait.
        return self._state is not State.ACCEPTING

    def _take(self, packet) -> None:
        handler = _LEGAL[self._state].get(type(packet))
        if handler is None:
            raise PacketRefused(f"{type(packet).__name__.upper()} while {self._state.name}")
        handler(self, packet)

    def _on_connect(self, packet: packets.Connect) -> None:
        try:
            user, identity, expiry = self._front.judge(packet, common_name(self._transport))
        except Rejected as rejected:
            self._refuse_connect(rejected.return_code, f"{packet.client_id}: {rejected}")
            return
        self._identity = identity
        if packet.will is not None:
            # What is wrong with it shall be seen now and not when it is needed.
            will_properties(packet.will, identity)
        plan = self._plan(Step.CONNECT)
        if plan.return_code:
            self._refuse_connect(plan.return_code, f"{packet.client_id}: as planned")
            return
        self._state = State.ACCEPTING
        model_id = user.options.get("model-id")
        self._carry_out(plan, self._accept, packet, expiry, model_id)

    def _accept(self, packet: packets.Connect, expiry: float | None, model_id: str | None) -> None:
        front = self._front
        # An older connection ends here, and leaves its session.
        self._core.attach(self._identity, self, expiry, model_id)
        # A device that was made again under its old name has another generation.
        generation = self._core.registry.find(self._identity).generation
        self._session, present = front.sessions.open(
            self._identity, generation, packet.clean_session
        )
        self._state = State.CONNECTED
        self._will = packet.will
        self._patience = packet.keepalive * _KEEPALIVE_FACTOR or None
        self._allowance = front.faults.take_allowance(self._identity.device_id)
        self._watch()
        front.counters["sessions_resumed"] += present
        self._send(packets.Connack(packets.ACCEPTED, present))
        if self._plan(Step.CONNECTED).drop:
            self.close_gently()
            return
        self._tell_capabilities()

    def _refuse_connect(self, return_code: int, text: str) -> None:
        self._front.count("connects_refused")
        self._front.report(text)
        self._send(packets.Connack(return_code))
        self.close_gently()

    def _on_publish(self, packet: packets.Publish) -> None:
        self._front.count("received")
        self._front.counters["received_duplicates"] += packet.duplicate
        if packet.qos == 2:
            raise PacketRefused("PUBLISH with QoS 2")
        request = read_topic(packet.topic, *self._identity)
        if request is None:
            raise PacketRefused("PUBLISH to a topic that is not documented")
        plan = self._plan(_STEPS[request.operation])
        is_twin = request.operation in (Operation.TWIN_READ, Operation.REPORT)
        if is_twin and not plan.drop:
            # The answer is a message of its own; what becomes of that is no matter of PUBACK.
            self._acknowledge(packet)
        self._carry_out(plan, _REQUESTS[request.operation], self, packet, request, plan)

    def _on_puback(self, packet: packets.Puback) -> None:
        delivery = self._session.in_flight.pop(packet.packet_id, None)
        expected = delivery and self._core.complete(self._identity, delivery.lock)
        self._front.count("delivery_acknowledged" if expected else "unexpected_acknowledgements")

    def _on_subscribe(self, packet: packets.Subscribe) -> None:
        self._front.count("subscribes")
        plan = self._plan(Step.SUBSCRIBE)
        self._carry_out(plan, self._subscribe, packet, plan)

    def _subscribe(self, packet: packets.Subscribe, plan: Plan) -> None:
        codes = []
        for topic_filter, qos in packet.subscriptions:
            feature = read_filter(topic_filter, *self._identity, self._front.lenient)
            if feature is None or plan.status:
                self._front.count("filters_refused")
                self._front.report(f"{self.name}: SUBSCRIBE to a filter that is not documented")
                codes.append(packets.SUBSCRIPTION_FAILED)
                continue
            granted = min(qos, 1)
            self._session.subscriptions[topic_filter] = Subscription(topic_filter, feature, granted)
            codes.append(granted)
        if not plan.silent:
            self._send(packets.Suback(packet.packet_id, tuple(codes)))
        self._tell_capabilities()

    def _on_unsubscribe(self, packet: packets.Unsubscribe) -> None:
        self._front.count("unsubscribes")
        for topic_filter in packet.topic_filters:
            self._session.subscriptions.pop(topic_filter, None)
        self._send(packets.Unsuback(packet.packet_id))
        self._tell_capabilities()

    def _on_pingreq(self, packet: packets.Pingreq) -> None:
        self._front.count("pings")
        self._send(packets.Pingresp())

    def _on_disconnect(self, packet: packets.Disconnect) -> None:
        self._front.count("disconnects")
        self._will = None  # [MQTT-3.14.4-3]
        self.close_gently()

    # ------------------------------------------------------------ what a PUBLISH asks for

    def _take_telemetry(self, packet: packets.Publish, request: Request, plan: Plan) -> None:
        if plan.status:
            # MQTT has no word for it.
            raise PacketRefused(f"telemetry is not taken: {plan.status}, as planned")
        properties, system = event_properties(request.properties)
        if packet.retain:
            properties.append(RETAINED)
        self._core.telemetry(self._identity, packet.payload, properties, system)
        if not plan.silent:
            self._acknowledge(packet, 1 + plan.twice)

    def _answer_twin(self, packet: packets.Publish, request: Request, plan: Plan) -> None:
        version = None
        try:
            if plan.status:
                status, body = plan.status, b""
            elif request.operation is Operation.TWIN_READ:
                status, body = _OK, self._core.twin(self._identity)
            else:
                version = self._core.report(self._identity, packet.payload)
                status, body = _NO_CONTENT, b""
        except HubError as error:
            status, body = error.status, error_body(error)
        self._front.counters["twin_errors"] += status not in _GOOD
        if plan.silent:
            return
        wanted = self._session.find(Feature.TWIN_ANSWERS)
        if not any(takes_status(one.topic_filter, status) for one in wanted):
            self._front.count("answers_unheard")
            return
        topic = twin_answer_topic(status, request.request_id, version)
        self._send_planned(packets.Publish(topic, plan.body(body)), plan)

    def _take_method_answer(self, packet: packets.Publish, request: Request, plan: Plan) -> None:
        self._core.answer_method(self._identity, request.request_id, request.status, packet.payload)
        if not plan.silent:
            self._acknowledge(packet, 1 + plan.twice)

    # ------------------------------------------------------------ out

    def _takes_messages(self) -> bool:
        ready = self.is_connected and not self._stalled
        return ready and bool(self._session.find(Feature.CLOUD_MESSAGES))

    def _tell_capabilities(self) -> None:
        features = {one.feature for one in self._session.subscriptions.values()}
        self.capable = {_CAPABILITIES[one] for one in features if one in _CAPABILITIES}
        self._core.capabilities_changed(self._identity, self)

    def _notify(self, step: Step, topic: str, body: bytes) -> None:
        plan = self._plan(step)
        if plan.silent:
            return
        self._carry_out(plan, self._send_planned, packets.Publish(topic, plan.body(body)), plan)

    def _send_cloud_message(self, queued, plan: Plan) -> None:
        wanted = self._session.find(Feature.CLOUD_MESSAGES)
        if plan.silent or not wanted:
            # It stays locked until the connection ends.
            return
        qos = max(one.qos for one in wanted)
        topic = cloud_message_topic(
            wanted[0].topic_filter, self._identity.device_id, message_properties(queued)
        )
        publish = packets.Publish(topic, plan.body(queued.message.body), qos)
        if qos:
            publish.packet_id, publish.duplicate = self._session.deliver(
                queued.sequence_number, queued.lock
            )
        self._front.count("delivered")
        self._front.counters["redelivered"] += publish.duplicate
        self._send_planned(publish, plan)
        if not qos:
            self._core.complete(self._identity, queued.lock)

    def _acknowledge(self, packet: packets.Publish, times: int = 1) -> None:
        if packet.qos:
            self._front.count("acknowledged")
            for _ in range(times):
                self._send(packets.Puback(packet.packet_id))

    def _send_planned(self, packet: packets.Publish, plan: Plan) -> None:
        for _ in range(1 + plan.twice):
            self._send(packet)

    # ------------------------------------------------------------ plans and the end

    def _plan(self, step: Step) -> Plan:
        return self._front.faults.take(step, self._identity.device_id)

    def _carry_out(self, plan: Plan, function, *arguments) -> None:
        """Do a step, as far as nothing is planned against it."""
        if plan.drop:
            self._front.report(f"{self.name}: dropped, as planned")
            self.drop()
        elif plan.delay:
            self._front.later(plan.delay, self._carry_out_late, function, *arguments)
        else:
            function(*arguments)

    def _carry_out_late(self, function, *arguments) -> None:
        if not self._ended:
            try:
                function(*arguments)
                self._take_packets()
            except (PacketRefused, HubError) as refusal:
                self.refuse(refusal)

    def _leave(self) -> None:
        """Leave the hub: whatever the reason, a will that is still there becomes telemetry."""
        if self._state is not State.CONNECTED:
            return
        self._front.sessions.close(self._identity, self._session)
        self._core.detach(self._identity, self)
        if self._will is not None:
            self._front.publish_will(self._identity, self._will)


_REQUESTS = {
    Operation.TELEMETRY: Connection._take_telemetry,
    Operation.TWIN_READ: Connection._answer_twin,
    Operation.REPORT: Connection._answer_twin,
    Operation.METHOD_ANSWER: Connection._take_method_answer,
}

# State -> what a client may send in it.
_LEGAL = {
    State.AWAITING_CONNECT: {packets.Connect: Connection._on_connect},
    State.CONNECTED: {
        packets.Publish: Connection._on_publish,
        packets.Puback: Connection._on_puback,
        packets.Subscribe: Connection._on_subscribe,
        packets.Unsubscribe: Connection._on_unsubscribe,
        packets.Pingreq: Connection._on_pingreq,
        packets.Disconnect: Connection._on_disconnect,
    },
}
