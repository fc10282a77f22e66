"""A hypervisor without machines, for Octavia's option compute_driver.

Octavia has a driver that does nothing, but it answers "which port did you plug in?"
with None, and Octavia's Neutron driver, which is the real one here, looks at the
answer. This driver does to Neutron's ports what Nova would be seen to do: a port of a
machine names the machine and an owner, and is free again when the machine is gone.

It also can be told to fail: while the file that OCTAGATE_FAIL_BUILDS names exists, no
machine can be built, and Octavia puts the new load balancer in ERROR.
"""

import os

from octavia.common import clients
from octavia.common import exceptions
from octavia.compute.drivers.noop_driver import driver as noop
from oslo_config import cfg

OWNER = 'compute:pretended'  # Nova writes compute:ZONE
NIC = 'pretended-nic'        # the name of ports that this driver made


class Compute(noop.NoopComputeDriver):
    """Octavia's own driver that does nothing, except for the ports."""

    def build(self, *args, **kwargs):
        """Returns the id of a new machine, or fails if that was asked for."""
        if os.path.exists(os.environ.get('OCTAGATE_FAIL_BUILDS', '')):
            raise exceptions.ComputeBuildException(fault='builds were asked to fail')
        return super().build(*args, **kwargs)

    def attach_network_or_port(self, compute_id, network_id=None,
                               ip_address=None, port_id=None):
        """Gives a machine a port, a new one if none is named; returns the interface."""
        claim = {'device_id': compute_id, 'device_owner': OWNER}
        if port_id:
            port = _neutron().update_port(port_id, {'port': claim})['port']
        else:
            claim.update(name=NIC, network_id=network_id)
            if ip_address:
                claim['fixed_ips'] = [{'ip_address': ip_address}]
            port = _neutron().create_port({'port': claim})['port']
        return _Interface(port)

    def detach_port(self, compute_id, port_id):
        """Takes a port from its machine; the port stays."""
        _neutron().update_port(port_id, {'port': {'device_id': '', 'device_owner': ''}})

    def delete(self, compute_id):
        """Takes away a machine: its own ports go with it, those it was given stay."""
        for port in _neutron().list_ports(device_id=compute_id)['ports']:
            if port['name'] == NIC:
                _neutron().delete_port(port['id'])
            else:
                self.detach_port(compute_id, port['id'])


class _Interface:
    """A port as Nova's API describes it, in what Octavia reads of it."""

    def __init__(self, port):
        self.net_id = port['network_id']
        self.port_id = port['id']
        self.fixed_ips = port['fixed_ips']


def _neutron():
    return clients.NeutronAuth.get_neutron_client(
        region=cfg.CONF.neutron.region_name, endpoint=cfg.CONF.neutron.endpoint)
