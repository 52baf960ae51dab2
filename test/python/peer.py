"""LangChain's Python class behind a line protocol: a JSON request a line in, a JSON answer a line out."""
import json
import sys

from cassandra.cluster import Cluster
from langchain_community.chat_message_histories import CassandraChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage, messages_from_dict, messages_to_dict

contact_points, keyspace, table = sys.argv[1:4]
hosts = [point.split(":") for point in contact_points.split(",")]
cluster = Cluster([host for host, *_ in hosts], port=int(hosts[0][1]) if len(hosts[0]) > 1 else 9042)
session = cluster.connect()
histories = {}


def history(session_id):
    if session_id not in histories:
        histories[session_id] = CassandraChatMessageHistory(session_id, session, keyspace, table)
    return histories[session_id]


def add(request):
    history(request["session"]).add_messages(messages_from_dict(request["messages"]))


def write_numbers(request):
    """What Python's json writes, and JSON has no word for."""
    values = {"nan": float("nan"), "infinity": float("inf"), "negative": float("-inf"), "text": "NaN"}
    history(request["session"]).add_messages(
        [HumanMessage("numbers", additional_kwargs=values), AIMessage("done", id="a1", name="ada")]
    )


def read(request):
    return messages_to_dict(history(request["session"]).messages)


def clear(request):
    history(request["session"]).clear()


operations = {"add": add, "write_numbers": write_numbers, "read": read, "clear": clear}
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"answer": operations[request["do"]](request)}), flush=True)
cluster.shutdown()
