# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A back end made of Microsoft's ``azure-iot-hub``; it runs in the interpreter that has it.

It trusts the certificate that ``REQUESTS_CA_BUNDLE`` names, which is the SDK's own way.
"""

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import CloudToDeviceMethod, Twin, TwinProperties
from lines import obey


class Service:
    """One client of the SDK; its methods are what a test may ask for."""

    def __init__(self):
        self._registry = None

    def create(self, connection):
        """Makes the client, which connects when it is used first."""
        self._registry = IoTHubRegistryManager.from_connection_string(connection)

    # ------------------------------------------------------------ the registry

    def create_device(self, **fields):
        """Registers a device with two keys."""
        return self._registry.create_device_with_sas(**fields).as_dict()

    def create_x509_device(self, **fields):
        """Registers a device with the thumbprints of two certificates."""
        return self._registry.create_device_with_x509(**fields).as_dict()

    def create_authority_device(self, **fields):
        """Registers a device whose certificate has to be signed by an authority."""
        return self._registry.create_device_with_certificate_authority(**fields).as_dict()

    def update_device(self, **fields):
        """Changes a device."""
        return self._registry.update_device_with_sas(**fields).as_dict()

    def read_device(self, device_id):
        """What the registry holds of a device."""
        return self._registry.get_device(device_id).as_dict()

    def list_devices(self, count=None):
        """The names of the devices in the registry."""
        return [device.device_id for device in self._registry.get_devices(count)]

    def delete_device(self, device_id, etag=None):
        """Takes a device out of the registry."""
        self._registry.delete_device(device_id, etag)

    def create_module(self, **fields):
        """Registers a module of a device."""
        return self._registry.create_module_with_sas(**fields).as_dict()

    def read_module(self, device_id, module_id):
        """What the registry holds of a module."""
        return self._registry.get_module(device_id, module_id).as_dict()

    def list_modules(self, device_id):
        """The names of a device's modules."""
        return [module.module_id for module in self._registry.get_modules(device_id)]

    def delete_module(self, device_id, module_id):
        """Takes a module out of the registry."""
        self._registry.delete_module(device_id, module_id)

    # ------------------------------------------------------------ twins

    def twin(self, device_id):
        """The whole twin."""
        return self._registry.get_twin(device_id).as_dict()

    def patch_twin(self, device_id, desired=None, tags=None, etag=None):
        """Merges something into a twin."""
        return self._registry.update_twin(device_id, _twin(desired, tags), etag).as_dict()

    def replace_twin(self, device_id, desired=None, tags=None, etag=None):
        """Puts something in the place of a twin's desired section and tags."""
        return self._registry.replace_twin(device_id, _twin(desired, tags), etag).as_dict()

    def module_twin(self, device_id, module_id):
        """The whole twin of a module."""
        return self._registry.get_module_twin(device_id, module_id).as_dict()

    # ------------------------------------------------------------ methods

    def invoke(self, device_id, name, payload=None, connect_seconds=None, response_seconds=None):
        """Calls a method and waits for its answer."""
        method = CloudToDeviceMethod(
            method_name=name,
            payload=payload,
            connect_timeout_in_seconds=connect_seconds,
            response_timeout_in_seconds=response_seconds,
        )
        return self._registry.invoke_device_method(device_id, method).as_dict()


def _twin(desired, tags):
    properties = None if desired is None else TwinProperties(desired=desired)
    return Twin(properties=properties, tags=tags)


if __name__ == "__main__":
    obey(Service())
