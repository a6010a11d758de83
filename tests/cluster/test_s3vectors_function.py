"""The function as it is deployed with `Store=s3vectors://...`: it searches, with the rights that the template gives it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("awslambdaric", reason="the runtime client is in deploy/requirements-lambda.txt")

from export.cluster.load.to_s3vectors import load_s3vectors
from export.index.chosen_models import open_models
from runtime.web.faults import UNAVAILABLE
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand, settings_of
from tests.cluster.s3vectors.index import ACCOUNT, REGION
from tests.cluster.s3vectors.server import S3VectorsServer, Statement
from tests.cluster.sample_answers import index_shards
from tests.conftest import ROOT
from tests.deploy.emulator import emulated, emulator_program, fault_of, post, sam_tool
from tests.deploy.events import url_event
from tests.deploy.test_template import ran
from tests.deploy.translated import TEMPLATE
from tests.runtime.stores.large_vectors import silent
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

if not sam_tool("python").exists():
    pytest.skip("AWS's emulator is installed by make test", allow_module_level=True)
FUNCTION = "the function"  # its access key


@pytest.fixture(scope="module")
def statements() -> list[Statement]:
    """What the function's role may do with vectors, where the stack is made with `STORE`."""
    translated = json.loads(ran(sam_tool("python"), ROOT / "tests" / "deploy" / "translate.py", TEMPLATE))
    role = translated["Resources"]["FunctionRole"]
    [store] = [
        policy["Fn::If"][1]["PolicyDocument"]
        for policy in role["Properties"]["Policies"]
        if policy.get("Fn::If", [""])[0] == "HasStore"
    ]
    return [
        Statement(tuple([one["Action"]] if isinstance(one["Action"], str) else one["Action"]), (resource(one["Resource"]),))
        for one in store["Statement"]
    ]


def resource(given: dict[str, Any]) -> str:
    """Return the ARN that a template's `Fn::Sub` makes, with the slashes of the address counted as CloudFormation does."""
    text, names = given["Fn::Sub"]
    assert STORE.split("/")[:2] == ["s3vectors:", ""]
    told = {name: STORE.split("/")[int(of["Fn::Select"][0])] for name, of in names.items()}
    told |= {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
    for name, value in told.items():
        text = text.replace(f"${{{name}}}", value)
    return str(text)


@pytest.fixture(scope="module")
def server(
    sample_library: "SampleLibrary", statements: list[Statement], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[S3VectorsServer]:
    shards = index_shards(sample_library.index, tmp_path_factory.mktemp("shards"))
    with bucket_at_hand() as running:
        load_s3vectors(shards, STORE, open_models(MODELS), silent(), vectors_a_second=1e6)
        running.policies[FUNCTION] = statements
        yield running


@pytest.fixture
def environment(server: S3VectorsServer, sample_library: "SampleLibrary", tmp_path: Path) -> dict[str, str]:
    """A function with models and pictures in its image, and no index anywhere."""
    bare = {name: value for name, value in sample_library.environment.items() if name != "INDEX_DIR"}
    keys = settings_of(server, FUNCTION) | {"AWS_EC2_METADATA_DISABLED": "true"}
    return bare | keys | {"STORE": STORE, "FETCH_DIR": str(tmp_path / "fetched")}


def test_the_function_searches_with_the_rights_that_the_template_gives_it(
    server: S3VectorsServer, environment: dict[str, str], tmp_path: Path
) -> None:
    assert emulator_program().exists()
    with emulated(environment, tmp_path / "log") as function:
        answer = post(function, "/search", {"query": "a red boat at sunset", "top_k": 3})
        assert answer.status == 200, answer.body
        hits = answer.json()["results"]
        explained = post(function, "/explain", {"query": "a red boat", "ids": [hits[0]["id"]], "heatmap": True})
        filtered = post(function, "/search", {"query": "a boat", "where": {"from": "2000"}, "top_k": 3})
        picture = function.ask(url_event(path=hits[0]["image_url"]))
    assert [answer.status for answer in (explained, filtered, picture)] == [200, 200, 200]
    assert len(hits) == 3
    assert all(hit["caption"] for hit in hits)
    assert set(server.calls) & {"QueryVectors", "GetVectors"} == {"QueryVectors", "GetVectors"}
    assert not server.refused["AccessDeniedException"]


def test_without_the_right_to_read_it_answers_with_an_error_whose_cause_is_in_the_log_alone(
    server: S3VectorsServer, environment: dict[str, str], tmp_path: Path
) -> None:
    server.policies["nobody"] = []
    with emulated(environment | {"AWS_ACCESS_KEY_ID": "nobody"}, tmp_path / "log") as function:
        answer = post(function, "/search", {"query": "a boat", "top_k": 1})
        log = function.log
    assert answer.status == 503
    assert fault_of(answer)["message"] == UNAVAILABLE
    assert "permission is denied" in log


def test_the_rights_are_to_one_library_alone(server: S3VectorsServer, statements: list[Statement]) -> None:
    assert {action for one in statements for action in one.actions} == {"s3vectors:QueryVectors", "s3vectors:GetVectors"}
    names = [name for one in statements for arn in one.resources for name in [arn.partition("/index/")[2]]]
    assert names == ["holiday", "holiday.??????????"]
    assert all(
        arn.startswith(f"arn:aws:s3vectors:{REGION}:{ACCOUNT}:bucket/pictures/")
        for one in statements
        for arn in one.resources
    )
