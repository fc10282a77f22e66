"""Makes the accounts and the catalogue of the cloud in its Keystone.

One process for everything: each call of the openstack command takes a second.
"""

import os

import openstack

PASSWORD = os.environ['PASSWORD']
REGION = os.environ['REGION']
CATALOGUE = {  # the type of a service: its user, and where it answers
    'network': ('neutron', os.environ['NETWORK_URL']),
    'load-balancer': ('octavia', os.environ['LOAD_BALANCER_URL']),
}
TENANTS = ('demo', 'other')  # two, so that tests see that they do not see each other
TENANT_ROLES = ('member', 'load-balancer_member')
SERVICE_ROLES = ('admin', 'service')
ROLES = ('service', 'load-balancer_member', 'load-balancer_observer',
         'load-balancer_admin', 'load-balancer_quota_admin')


def main():
    keystone = openstack.connect(
        auth_url=os.environ['AUTH_URL'], region_name=REGION,
        username='admin', user_domain_name='Default', password=PASSWORD,
        project_name='admin', project_domain_name='Default').identity
    roles = {role.name: role for role in keystone.roles()}
    roles.update((name, keystone.create_role(name=name)) for name in ROLES)

    def account(user, project, names):
        user = keystone.create_user(name=user, password=PASSWORD, domain_id='default',
                                    default_project_id=project.id)
        for name in names:
            keystone.assign_project_role_to_user(project, user, roles[name])

    services = keystone.create_project(name='service', domain_id='default')
    for kind, (user, url) in CATALOGUE.items():
        account(user, services, SERVICE_ROLES)
        service = keystone.create_service(name=user, type=kind)
        for interface in ('public', 'internal', 'admin'):
            keystone.create_endpoint(service_id=service.id, interface=interface,
                                     url=url, region_id=REGION)
    for tenant in TENANTS:
        project = keystone.create_project(name=tenant, domain_id='default')
        account(tenant, project, TENANT_ROLES)


main()
