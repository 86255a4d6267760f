# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""All of the IoT Hub client in one import, as C's header is: ``from nxd_mqtt.azure_iot import *``.

A board that is short of memory imports the files by themselves: ``azure_iot_connection``,
``azure_iot_telemetry``, ``azure_iot_messages``, ``azure_iot_methods``, ``azure_iot_properties``,
with the numbers from ``azure_iot_status``.
"""

from .azure_iot_connection import (
    NX_AZURE_IOT,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_delete,
    nx_azure_iot_hub_client_component_add,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_connection_status_callback_set,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_device_cert_set,
    nx_azure_iot_hub_client_disconnect,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_model_id_set,
    nx_azure_iot_hub_client_receive_callback_set,
    nx_azure_iot_hub_client_reconnect_set,
    nx_azure_iot_hub_client_sas_token_set,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_statistics_get,
    nx_azure_iot_hub_client_symmetric_key_set,
    nx_azure_iot_hub_client_token_life_set,
    nx_azure_iot_hub_client_trusted_cert_add,
    nx_azure_iot_hub_client_websocket_enable,
)
from .azure_iot_hub import (
    NX_AZURE_IOT_HUB_CLIENT,
)
from .azure_iot_messages import (
    nx_azure_iot_hub_client_cloud_message_disable,
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_cloud_message_properties_get,
    nx_azure_iot_hub_client_cloud_message_property_get,
    nx_azure_iot_hub_client_cloud_message_receive,
)
from .azure_iot_methods import (
    nx_azure_iot_hub_client_command_disable,
    nx_azure_iot_hub_client_command_enable,
    nx_azure_iot_hub_client_command_message_receive,
    nx_azure_iot_hub_client_command_message_response,
    nx_azure_iot_hub_client_direct_method_disable,
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_direct_method_message_receive,
    nx_azure_iot_hub_client_direct_method_message_response,
)
from .azure_iot_packet import (
    NX_PACKET,
    nx_packet_data_retrieve,
    nx_packet_length_get,
    nx_packet_release,
)
from .azure_iot_properties import (
    nx_azure_iot_hub_client_device_twin_desired_properties_receive,
    nx_azure_iot_hub_client_device_twin_disable,
    nx_azure_iot_hub_client_device_twin_enable,
    nx_azure_iot_hub_client_device_twin_properties_receive,
    nx_azure_iot_hub_client_device_twin_properties_request,
    nx_azure_iot_hub_client_device_twin_reported_properties_send,
    nx_azure_iot_hub_client_properties_disable,
    nx_azure_iot_hub_client_properties_enable,
    nx_azure_iot_hub_client_properties_receive,
    nx_azure_iot_hub_client_properties_request,
    nx_azure_iot_hub_client_reported_properties_response_callback_set,
    nx_azure_iot_hub_client_reported_properties_send,
    nx_azure_iot_hub_client_writable_properties_receive,
)
from .azure_iot_status import *
from .azure_iot_telemetry import (
    nx_azure_iot_hub_client_telemetry_ack_callback_set,
    nx_azure_iot_hub_client_telemetry_component_set,
    nx_azure_iot_hub_client_telemetry_message_create,
    nx_azure_iot_hub_client_telemetry_message_delete,
    nx_azure_iot_hub_client_telemetry_options_set,
    nx_azure_iot_hub_client_telemetry_property_add,
    nx_azure_iot_hub_client_telemetry_send,
    nx_azure_iot_hub_client_telemetry_send_extended,
    nx_azure_iot_hub_client_will_message_set,
)
