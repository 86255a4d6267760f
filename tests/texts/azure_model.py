# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
# ruff: noqa: F821 - a fragment: the test that runs it hands the other names in
"""What plug and play has agreed on, as JSON."""

import json

# a property of a component
patch = json.dumps({"thermostat": {"__t": "c", "celsius": 21.5}})
nx_azure_iot_hub_client_reported_properties_send(hub, patch, 100)

# that a desired property has been accepted, or not
done = {"value": 5, "ac": 200, "av": 3, "ad": "from the next minute on"}
nx_azure_iot_hub_client_reported_properties_send(hub, json.dumps({"interval": done}), 100)
