"""Octavia's worker, with two faults of Octavia 11.0.0 corrected.

A load balancer can be created together with its listeners, pools and members in one
request. In 11.0.0 the load balancer then becomes ACTIVE and everything inside it stays
PENDING_CREATE for ever, because

 * run_flow passes the positional arguments to the function that builds the flow, but
   the keyword arguments, the listeners among them, only to the engine;
 * the flow that creates the listeners ends with a step that needs the network
   configuration of all amphorae, and with a single amphora no step provides it.

11.0.1 corrected both; so does this file, in 11.0.0 only. OCTAGATE_AS_PACKAGED=1 keeps
the faults, which octagate has to live with in clouds that have them.
"""

import importlib.metadata
import os

from octavia.cmd import octavia_worker
from octavia.controller.worker.v2.controller_worker import ControllerWorker
from octavia.controller.worker.v2.flows.load_balancer_flows import LoadBalancerFlows
from octavia.controller.worker.v2.tasks import network_tasks


def correct():
    """Replaces the two methods."""
    run_flow = ControllerWorker.run_flow
    create_listeners = LoadBalancerFlows._create_listeners_flow

    def run_flow_with_all_arguments(self, flow, *args, store=None, **kwargs):
        run_flow(self, lambda: flow(*args, **kwargs), store=store)

    def create_listeners_of_any_topology(self):
        reload_load_balancer, *others = create_listeners(self)
        look_up = network_tasks.GetAmphoraeNetworkConfigs(
            requires='loadbalancer_id', provides='amphorae_network_config')
        return [reload_load_balancer, look_up, *others]

    ControllerWorker.run_flow = run_flow_with_all_arguments
    LoadBalancerFlows._create_listeners_flow = create_listeners_of_any_topology


if __name__ == '__main__':
    if (importlib.metadata.version('octavia') == '11.0.0'
            and os.environ.get('OCTAGATE_AS_PACKAGED') != '1'):
        correct()
    octavia_worker.main()
