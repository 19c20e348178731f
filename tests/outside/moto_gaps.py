"""What the packaged template asks of CloudFormation and moto's does not have, or has otherwise than AWS.

Each is the least that lets the stack be made and removed. What moto merely skips (bucket and queue policies) stays so.
"""

import json
from typing import Any

from moto.batch.models import ComputeEnvironment, batch_backends
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.dynamodb.models import DynamoDBBackend
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.subnets import SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ecr.models import Repository
from moto.events.models import EventBus
from moto.iam.models import Role, iam_backends
from moto.sqs.models import Queue


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


def fill(address: str) -> None:
    """@param address of this server, for what is made by it"""
    # Otherwise a submitted job looks for Docker.
    default_user_config["batch"]["use_docker"] = False

    # The framework asks whether the template is valid. moto answers with cfn-lint and takes a warning for a refusal;
    # the same linter has its say beside this, where only errors count.
    CloudFormationBackend.validate_template = lambda _self, _template: []

    # A parameter of type list is one by its default too.
    load_parameters = ResourceMap.load_parameters
    ResourceMap.load_parameters = lambda self: (load_parameters(self), split_default_lists(self))

    # AWS gives a compute environment without a role the service-linked one.
    before_creation(ComputeEnvironment, give_service_role)
    # AWS makes up repository names in lower case, the only ones that ECR takes.
    emptied = set()

    def named(name, properties, _account):
        if properties.get("EmptyOnDelete") in (True, "true"):
            emptied.add(name.lower())
        return name.lower(), properties

    before_creation(Repository, named)
    # CloudFormation deletes the images first, if it is told so.
    delete_repository = Repository.delete

    def delete_with_images(self, *args):
        if self.name in emptied:
            self.images.clear()
        return delete_repository(self, *args)

    Repository.delete = delete_with_images
    # `Ref` of a bus is its name.
    EventBus.physical_resource_id = property(lambda self: self.name)

    # moto's PartiQL knows no parameters in INSERT and one SET or REMOVE in UPDATE, and fails or writes something else. Refused
    # one by one, as DynamoDB may refuse them, they are written by calls of their own.
    execute_batch = DynamoDBBackend.batch_execute_statement
    DynamoDBBackend.batch_execute_statement = lambda self, statements: (
        [{"Error": UNAVAILABLE} for _ in statements] if are_writes(statements) else execute_batch(self, statements)
    )

    # `Ref` of a queue is its URL, which leads clients to it: the one that moto makes up leads to the real AWS.
    Queue.physical_resource_id = property(lambda self: f"{address}/{self.account_id}/{self.name}")
    # Policies are JSON, and not how Python prints them.
    put_policy = Role.put_policy
    Role.put_policy = lambda self, name, policy: put_policy(
        self, name, policy if isinstance(policy, str) else json.dumps(policy)
    )

    # Left where they are, these keep their network from being removed. Whichever goes first takes the others' ties along.
    RouteTable.delete = lambda self, *_: self.ec2_backend.route_tables.pop(self.id)
    SubnetRouteTableAssociation.delete = lambda *_: None
    VPCEndPoint.delete = lambda self, *_: self.ec2_backend.vpc_end_points.pop(self.id)


UNAVAILABLE = {"Code": "InternalServerError", "Message": "moto cannot carry out this statement"}


def are_writes(statements: list[dict[str, Any]]) -> bool:
    return any(not each["Statement"].lstrip().upper().startswith("SELECT") for each in statements)


def split_default_lists(resources: ResourceMap) -> None:
    for name, parameter in resources._template.get("Parameters", {}).items():
        value = resources.resolved_parameters[name]
        if parameter["Type"] == "CommaDelimitedList" and isinstance(value, str):
            resources.resolved_parameters[name] = resources._parsed_resources[name] = value.split(",")


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
