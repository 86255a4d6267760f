# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Any story of a device, its network, its clock and its hub: what the hub client promises holds.

``Story`` is the world with what must be true of it; the machine only chooses what happens next.
"""

import json
import random
from itertools import pairwise

import pytest
from azure_bench import CONNECTED, HOUR, IDLE, MINUTE, SECOND, Device, good
from doubles.played_hub import START
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_fixed_memory import sizes_of

from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import NXD_MQTT_ERROR_NOT_AUTHORIZED, NXD_MQTT_PACKET_POOL_FAILURE
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_ack_mode_set

MINIMUM, MAXIMUM = 300, 6000  # ticks
SHORTEST, LONGEST = MINIMUM * 10, MAXIMUM * 10
# An attempt that hangs: TCP's limit, and that of a CONNACK.
HANGING = 15 * SECOND

FINE = NX_AZURE_IOT_SUCCESS
LOSSES = (NX_AZURE_IOT_DISCONNECTED, NX_AZURE_IOT_SAS_TOKEN_EXPIRED, NX_AZURE_IOT_REPLACED)
# Why there is none: too often, an error, lost with its link, not answered for a minute.
NO_TWIN = (
    NX_AZURE_IOT_THROTTLED,
    NX_AZURE_IOT_SERVER_RESPONSE_ERROR,
    NX_AZURE_IOT_DISCONNECTED,
    NX_AZURE_IOT_NO_PACKET,
)
FINAL = (NXD_MQTT_ERROR_NOT_AUTHORIZED,)


class Story:
    """A device, its program, its hub, and the book of what each was promised.

    :param bool on_get: whether messages are acknowledged when they are taken
    :param int life: seconds of a token's life
    :param again: the pauses of a client that connects again by itself, or None
    """

    def __init__(self, on_get, life, again=(MINIMUM, MAXIMUM)):
        self.device = device = Device(again=again, life=life, queue=1024)
        self.hub = device.hub
        good(nxd_mqtt_client_ack_mode_set(device.client, on_get))
        takers = ((1, self._cloud), (2, self._method), (4, self._document), (8, self._desired))
        for kind, take in takers:
            good(nx_azure_iot_hub_client_receive_callback_set(device.client, kind, take))
        device.doing["status"] = self._told
        # What the program believes: whether it has a link, and what is desired of it.
        self.up = False
        self.view, self.versions = {}, []
        self.sent, self.reported, self.cloud_sent, self.cloud = [], [], [], []
        self.answered = []
        self.number = 0
        # When the program itself has asked for a link.
        self.starts = []
        self.connect()

    # what the program does

    def _told(self, status):
        if status == FINE:
            assert not self.up, "a link that was there already"
        elif status in LOSSES:
            assert self.up, "a loss of what was not there, or told twice"
        else:
            assert status in FINAL or not self.device.again, hex(status)
            assert self.device.state == IDLE
        self.up = status == FINE

    def _cloud(self, client, _):
        status, payload = self.device.cloud_message()
        good(status)
        self.cloud.append(payload)

    def _method(self, client, _):
        status, _, context, payload = self.device.method()
        good(status)
        status = self.device.respond(context, payload)
        if status == FINE:
            self.answered.append(payload)
        else:
            assert status in (NX_AZURE_IOT_DISCONNECTED, NXD_MQTT_PACKET_POOL_FAILURE)

    def _document(self, client, _):
        status, payload = self.device.document()
        if status == FINE:
            self.view = json.loads(payload)["desired"]
        else:
            assert status in NO_TWIN, hex(status)

    def _desired(self, client, _):
        receive = nx_azure_iot_hub_client_device_twin_desired_properties_receive
        status, packet = receive(client, 0)
        good(status)
        new = json.loads(packet.data)
        if packet.topic.startswith(b"$iothub/twin/res/"):
            self.view = {}
        for name, value in new.items():
            self.view.pop(name, None)
            if value is not None:
                self.view[name] = value
        self.versions.append(new["$version"])

    def connect(self):
        """Ask for a link, if there is none."""
        device = self.device
        if device.state == IDLE:
            self.starts.append(device.clock.elapsed)
            if device.start(0) != NX_AZURE_IOT_CONNECTING:
                assert device.skew
                self.starts.pop()

    def disconnect(self):
        """End the link, or give up connecting."""
        self.device.disconnect()
        self.up = False

    def telemetry(self):
        """Send a message."""
        self.number += 1
        payload = b"%d" % self.number
        status = self.device.telemetry(payload)
        if status == FINE:
            self.sent.append(payload)
        else:
            assert status in (NX_AZURE_IOT_DISCONNECTED, NXD_MQTT_PACKET_POOL_FAILURE)

    def report(self, wait):
        """Report a property."""
        self.number += 1
        patch = b'{"n%d":1}' % self.number
        if self.device.report(patch, wait)[0] in (FINE, NX_AZURE_IOT_NO_PACKET):
            self.reported.append(patch)

    def cloud_message(self):
        """The service sends a message."""
        self.cloud_sent.append(b"%d" % len(self.cloud_sent))
        self.hub.cloud_message(self.cloud_sent[-1], "n=1")

    # what must be true

    def check(self):
        """What holds at any time."""
        hub = self.hub
        assert hub.violations == []
        assert set(hub.refused) <= {None}, "a login that the hub has refused by itself"
        times = hub.attempts
        for earlier, later in pairwise(times):
            # The program's own wish, and a renewal, are followed at once.
            wishes = self.starts + hub.goodbye_times
            wished = any(earlier <= wish <= later for wish in wishes)
            assert wished or later - earlier >= SHORTEST, (earlier, later)

    def mend(self):
        """All faults stop, the world is as it should be, and the program wants a link."""
        hub, device = self.hub, self.device
        device.skew, device.network = 0, True
        hub.code = hub.drop = hub.latency = 0
        hub.verdicts.clear()
        hub.mute.clear()
        if hub.online:
            hub.online.accept_limit = None
            # What was not answered then will not be; a new link is what helps.
            hub.cut()
        # An answer of before may be on its way, and be a refusal.
        device.run(HANGING)
        self.connect()

    def end(self):
        """Once faults stop the device is connected in time, and nothing was lost."""
        self.mend()
        device, hub = self.device, self.hub
        device.run(LONGEST + HANGING, lambda: device.state == CONNECTED)
        assert device.state == CONNECTED, device.client.reason
        # A hub that has throttled is asked for the twin after 16 minutes at the latest. That a link
        # has vanished is found out by a ping; without reconnection it is the program's turn.
        for _ in range(30):
            device.run(MINUTE)
            self.connect()
        self.check()
        assert self.up
        payloads = device.payloads()
        assert [payload for payload in dict.fromkeys(payloads) if payload in self.sent] == self.sent
        assert list(dict.fromkeys(self.cloud)) == self.cloud_sent
        assert hub.cloud == []
        assert set(self.reported) <= {payload for _, payload in hub.patches}
        answers = [answer[2] for answer in hub.method_answers]
        assert set(self.answered) <= set(answers)
        self.view.pop("$version", None)
        assert self.view == hub.desired
        for event in hub.events:
            assert event.link == 1 or event.payload in self.sent


class StoryMachine(RuleBasedStateMachine):
    """Chooses what happens next."""

    @initialize(
        on_get=st.integers(0, 1),
        life=st.sampled_from((60, 3600, 86400)),
        again=st.sampled_from(((MINIMUM, MAXIMUM), (MINIMUM, MAXIMUM), None)),
    )
    def begin(self, on_get, life, again):
        """A device that connects."""
        random.seed(5)
        self.story = Story(on_get, life, again)
        self.device, self.hub = self.story.device, self.story.hub
        self.device.run(SECOND)

    # time

    @rule(milliseconds=st.sampled_from((10, SECOND, 10 * SECOND, MINUTE, 20 * MINUTE, 2 * HOUR)))
    def run_on(self, milliseconds):
        """The program polls for some time."""
        self.device.run(milliseconds)

    @rule(hours=st.sampled_from((3, 3, 3, 40, 100)))
    def sleep(self, hours):
        """Nobody polls for hours."""
        self.device.clock.advance(hours * HOUR)
        self.device.polls()

    # the network

    @rule(how=st.sampled_from(("close", "reset", "vanish")))
    def cut(self, how):
        """The link is gone."""
        self.hub.cut(how)

    @rule(up=st.booleans())
    def network(self, up):
        """There is no network, or there is again."""
        self.device.network = up

    @rule(stalled=st.booleans())
    def stall(self, stalled):
        """The link takes no bytes."""
        if self.hub.online:
            self.hub.online.accept_limit = 0 if stalled else None

    @rule(latency=st.sampled_from((0, 0, 50, 3000)))
    def delay(self, latency):
        """The hub answers later."""
        self.hub.latency = latency

    # the hub

    @rule(code=st.sampled_from((0, 0, 3, 5)))
    def refuse(self, code):
        """The hub is not available, or refuses the device."""
        self.hub.code = code

    @rule(count=st.integers(1, 5), how=st.sampled_from(("close", "reset")))
    def replaced(self, count, how):
        """Another program has the same name."""
        self.hub.cut("close")
        self.hub.drop, self.hub.drop_how = count, how

    @rule(verdicts=st.lists(st.sampled_from((200, 429, 429, 500)), max_size=4))
    def throttle(self, verdicts):
        """The next answers about the twin."""
        self.hub.verdicts = verdicts

    @rule(what=st.sets(st.sampled_from(("telemetry", "get", "report", "acknowledge-report"))))
    def mute(self, what):
        """The hub does not answer some questions."""
        self.hub.mute = set(what)

    @rule()
    def forget(self):
        """The hub forgets the session, as after 60 minutes or by a restart."""
        self.hub.cut()
        self.hub.forget()

    @rule(quality=st.integers(0, 1))
    def patches(self, quality):
        """At which quality patches come."""
        self.hub.patch_quality = quality

    # the clock

    @rule(lost=st.booleans())
    def clock(self, lost):
        """The device's clock stands at 1970, or is right."""
        self.device.skew = -START if lost else 0

    # the service

    @rule(name=st.sampled_from("ab"), value=st.sampled_from((1, 2, None)))
    def change(self, name, value):
        """Something is desired."""
        self.hub.change(**{name: value})

    @rule()
    def cloud_message(self):
        """A message is sent."""
        self.story.cloud_message()

    @rule()
    def call(self):
        """A method is called."""
        self.story.number += 1
        self.hub.call("m", b"%d" % self.story.number)

    # the program

    @rule()
    def telemetry(self):
        """The program sends."""
        self.story.telemetry()

    @rule(wait=st.sampled_from((0, 10, 500)))
    def report(self, wait):
        """The program reports."""
        self.story.report(wait)

    @rule()
    def request(self):
        """The program asks for the twin."""
        self.device.request()

    @rule()
    def connect(self):
        """The program wants a link."""
        self.story.connect()

    @rule()
    def disconnect(self):
        """The program wants none."""
        self.story.disconnect()

    @precondition(lambda self: hasattr(self, "story"))
    @invariant()
    def what_holds_always(self):
        """No refusal, no violation, no storm."""
        self.story.check()

    def teardown(self):
        """What must have come of it."""
        if hasattr(self, "story"):
            self.story.end()


TestAnyStoryOfADevice = StoryMachine.TestCase
TestAnyStoryOfADevice.settings = settings(max_examples=100, stateful_step_count=50)


# --- the twin: what comes in an order that nobody wants ------------------------------------------


def connected(on_get=0):
    """A story that has begun; the program knows the first version."""
    random.seed(5)
    story = Story(on_get, 86400)
    story.device.run(SECOND)
    good(story.device.request())
    story.device.polls()
    assert story.view == {"$version": 1}
    return story


def away(story):
    """The link is lost."""
    story.hub.cut()
    story.device.polls()


def back(story):
    """There is a link again, and everything has been said on it."""
    story.device.run(MINUTE)
    story.device.polls()
    assert story.up


@pytest.mark.parametrize("quality", [0, 1])
@pytest.mark.parametrize("on_get", [0, 1])
def test_a_patch_that_waits_when_the_link_is_lost_is_not_lost(on_get, quality):
    """With an acknowledgement on get its copy goes, and the one that comes again must do."""
    story = connected(on_get)
    device = story.device
    good(nx_azure_iot_hub_client_receive_callback_set(device.client, 8, None))
    story.hub.patch_quality = quality
    story.hub.change(a=1)
    story.hub.change(b=2)
    device.polls()
    away(story)
    back(story)
    story.hub.change(a=3)
    device.polls()
    while device.client.mailbox.find(4) >= 0:
        story._desired(device.client, None)
    assert story.view == {"a": 3, "b": 2, "$version": 4}


def test_what_was_changed_and_deleted_while_away_is_told_once():
    story = connected()
    story.hub.change(a=1, b=1)
    story.device.polls()
    away(story)
    story.hub.change(a=2)
    story.hub.change(b=None)
    back(story)
    assert story.view == {"a": 2, "$version": 4}
    assert story.versions == [2, 4]
    away(story)
    back(story)
    assert story.versions == [2, 4]


def test_a_patch_that_overtakes_the_first_reading_hides_nothing():
    story = connected()
    away(story)
    story.hub.change(a=1)
    story.hub.mute.add("get")
    back(story)
    story.hub.change(b=2)
    story.device.polls()
    story.hub.mute.clear()
    story.hub.answer(200, story.hub.asked[-1], story.hub.document())
    story.device.run(MINUTE)
    assert story.view == {"a": 1, "b": 2, "$version": 3}


@pytest.mark.parametrize("own", [False, True], ids=["the program's", "the client's"])
def test_an_old_twin_behind_a_new_patch_takes_nothing_back(own):
    story = connected()
    if own:
        away(story)
        story.hub.mute.add("get")
        back(story)
    else:
        story.hub.mute.add("get")
        good(story.device.request())
        story.device.polls()
    old = story.hub.document()
    story.hub.change(a=1)
    story.device.polls()
    story.hub.mute.clear()
    story.hub.answer(200, story.hub.asked[-1], old)
    story.device.run(MINUTE)
    assert story.view == {"a": 1, "$version": 2}


@pytest.mark.parametrize("own", [False, True], ids=["the program's", "the client's"])
def test_a_hub_that_goes_on_answering_with_an_old_twin_is_not_stormed(own):
    story = connected()
    story.hub.change(a=1)
    story.device.polls()
    story.hub.lag = 10**6
    asked = len(story.hub.asked)
    if own:
        away(story)
        story.hub.mute.add("get")
        back(story)
        story.hub.change(a=2)
        story.hub.mute.clear()
    else:
        good(story.device.request())
    story.device.run(10 * MINUTE)
    assert len(story.hub.asked) - asked <= 20
    story.hub.lag = 0
    story.hub.change(b=1)
    story.device.run(10 * MINUTE)
    assert story.view.pop("$version") == story.hub.version
    assert story.view == story.hub.desired


def test_versions_that_begin_anew_are_followed():
    """The device was deleted and made again while it was away: its twin has version 1."""
    story = connected()
    for value in range(5):
        story.hub.change(a=value)
    story.device.polls()
    away(story)
    story.hub.desired, story.hub.version = {"c": 1}, 1
    back(story)
    assert story.view == {"c": 1, "$version": 1}
    story.hub.change(d=1)
    story.device.polls()
    assert story.view == {"c": 1, "d": 1, "$version": 2}


def test_a_version_that_is_left_out_makes_the_client_look():
    story = connected()
    filters = set(story.hub.filters)
    story.hub.filters.clear()
    story.hub.change(a=1)
    story.hub.filters.update(filters)
    story.hub.change(b=1)
    story.device.run(MINUTE)
    assert story.view == {"a": 1, "b": 1, "$version": 3}


def test_a_program_that_disconnects_with_unread_patches_gets_them_again():
    story = connected()
    device = story.device
    good(nx_azure_iot_hub_client_receive_callback_set(device.client, 8, None))
    story.hub.change(a=1)
    device.polls()
    story.disconnect()
    good(nx_azure_iot_hub_client_receive_callback_set(device.client, 8, story._desired))
    story.connect()
    back(story)
    assert story.view == {"a": 1, "$version": 2}


def test_twins_that_are_read_leave_nothing_behind():
    """Each link has its own reading, its own packets and its own request identifiers."""
    story = connected()
    sizes = None
    for number in range(50):
        story.hub.change(a=number)
        story.report(100)
        away(story)
        back(story)
        good(story.device.request())
        story.device.polls()
        if number == 1:
            sizes = sizes_of(story.device.client)
    assert sizes_of(story.device.client) == sizes


def test_links_with_clean_sessions_leave_nothing_behind():
    device = Device()
    sizes = None
    for number in range(50):
        device.connect(clean=1)
        device.disconnect()
        if number == 1:
            sizes = sizes_of(device.client)
    assert sizes_of(device.client) == sizes
