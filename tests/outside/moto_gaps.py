"""What the packaged template asks of CloudFormation and moto's does not have, or has otherwise than AWS.

Each is the least that lets the stack be made and removed. What moto merely skips (bucket and queue policies) stays so.
"""

from typing import Any

from moto.batch.models import ComputeEnvironment, batch_backends
from moto.cloudformation.models import CloudFormationBackend
from moto.core.common_models import CloudFormationModel
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.subnets import SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ecr.models import Repository
from moto.events.models import EventBus
from moto.iam.models import iam_backends


class SchedulingPolicy(CloudFormationModel):
    """AWS::Batch::SchedulingPolicy: moto's Batch has these, its CloudFormation does not."""

    __module__ = "moto.batch.models"  # moto reads the name of the service from here

    def __init__(self, arn: str):
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    def get_cfn_attribute(self, _attribute: str) -> str:
        return self.arn

    def delete(self, account_id: str, region_name: str) -> None:
        batch_backends[account_id][region_name].delete_scheduling_policy(self.arn)

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Batch::SchedulingPolicy"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "SchedulingPolicy":
        fairshare = cloudformation_json["Properties"].get("FairsharePolicy", {})
        properties = {name[0].lower() + name[1:]: value for name, value in fairshare.items()}
        backend = batch_backends[account_id][region_name]
        return cls(backend.create_scheduling_policy(resource_name, properties, {}).arn)


def fill() -> None:
    # The framework asks whether the template is valid. moto answers with cfn-lint and takes a warning for a refusal;
    # the same linter has its say beside this, where only errors count.
    CloudFormationBackend.validate_template = lambda _self, _template: []

    # AWS gives a compute environment without a role the service-linked one.
    before_creation(ComputeEnvironment, give_service_role)
    # AWS makes up repository names in lower case, the only ones that ECR takes.
    before_creation(Repository, lambda name, properties, _account: (name.lower(), properties))
    # `Ref` of a bus is its name.
    EventBus.physical_resource_id = property(lambda self: self.name)

    # Left where they are, these keep their network from being removed.
    RouteTable.delete = lambda self, *_: self.ec2_backend.delete_route_table(self.id)
    SubnetRouteTableAssociation.delete = lambda *_: None
    VPCEndPoint.delete = lambda self, *_: self.ec2_backend.delete_vpc_endpoints([self.id])


def before_creation(model: Any, change: Any) -> None:
    create = model.create_from_cloudformation_json.__func__

    def changed(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, *rest: Any, **named: Any) -> Any:
        name, properties = change(resource_name, cloudformation_json["Properties"], account_id)
        return create(cls, name, {**cloudformation_json, "Properties": properties}, account_id, *rest, **named)

    model.create_from_cloudformation_json = classmethod(changed)


def give_service_role(name: str, properties: Any, account_id: str) -> tuple[str, Any]:
    iam = iam_backends[account_id]["aws"]
    made = [role for role in iam.roles.values() if role.name.lower() == "awsserviceroleforbatch"]
    role = made[0] if made else iam.create_service_linked_role("batch.amazonaws.com", "", "")
    return name, {"ServiceRole": role.arn, **properties}
