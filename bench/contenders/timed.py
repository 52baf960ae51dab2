"""LangChain's Python class, timed by its own process: a task or a number of operations a line in, a JSON answer a line out."""
import json
import sys
import warnings
from importlib.metadata import version
from itertools import count, cycle
from time import perf_counter, process_time

from cassandra.cluster import Cluster
from langchain_community.chat_message_histories import CassandraChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict
from langchain_core.runnables import RunnableLambda, RunnableWithMessageHistory

# LangChain shows its deprecations whatever the interpreter was told.
warnings.showwarning = lambda *_: None

contact_points, keyspace, table = sys.argv[1:4]
host, _, port = contact_points.split(",")[0].partition(":")
cluster = Cluster([host], port=int(port or 9042))
session = cluster.connect()
sessions = count()


def open_history(session_id=None):
    if session_id is None:
        session_id = f"python {next(sessions)}"
    return CassandraChatMessageHistory(session_id, session, keyspace, table)


def expect_same(got, wanted):
    if messages_to_dict(got) != messages_to_dict(wanted):
        raise ValueError(f"Expected {len(wanted)} messages as they were written, got {len(got)}.")


def append(messages, size):
    """All messages at once, to a session of their own each time."""
    checked = open_history()
    checked.add_messages(messages)
    expect_same(checked.messages, messages)
    return lambda: open_history().add_messages(messages)


def add(messages, size):
    """So many messages a call, on one session."""
    calls = [messages[at : at + size] for at in range(0, len(messages), size)]
    checked = open_history()
    for call in calls[:10]:
        checked.add_messages(call)
    expect_same(checked.messages, messages[: 10 * size])
    history, upcoming = open_history(), cycle(calls)
    return lambda: history.add_messages(next(upcoming))


def reading(messages, size, open_again):
    """The newest, out of all that the class reads: it has no window."""
    session_id = f"python {next(sessions)}"
    history = open_history(session_id)
    history.add_messages(messages)
    wanted = messages[-size:]

    def read():
        one = open_history(session_id) if open_again else history
        return one.messages[-size:]

    expect_same(read(), wanted)
    characters = sum(len(message.content) for message in wanted)

    def read_and_look():
        if sum(len(message.content) for message in read()) != characters:
            raise ValueError("Expected the messages as they were written.")

    return read_and_look


def runnable(messages, size):
    """A turn of a RunnableWithMessageHistory, a new session every ten turns."""
    turns = [messages[at : at + 2] for at in range(0, len(messages), 2)]
    calls, answer = count(), [None]
    chain = RunnableWithMessageHistory(RunnableLambda(lambda _: answer[0]), open_history)

    def invoke():
        at = next(calls)
        question, answer[0] = turns[at % len(turns)]
        if at % 10 == 0:
            invoke.session = f"python {next(sessions)}"
        chain.invoke([question], {"configurable": {"session_id": invoke.session}})

    invoke()
    expect_same(open_history(invoke.session).messages, turns[0])
    return invoke


tasks = {
    "append": append,
    "add": add,
    "read": lambda messages, size: reading(messages, size, False),
    "request": lambda messages, size: reading(messages, size, True),
    "runnable": runnable,
}


def measure(operation, operations):
    cpu, wall = process_time(), perf_counter()
    for _ in range(operations):
        operation()
    wall, cpu = perf_counter() - wall, process_time() - cpu
    return {"wall": wall * 1e6 / operations, "cpu": cpu * 1e6 / operations}


def describe():
    packages = ", ".join(f"{name} {version(name)}" for name in ["langchain-community", "cassandra-driver"])
    return f"Python {sys.version.split()[0]}, {packages}"


prepared = []
print(json.dumps({"answer": "ready"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "describe" in request:
        answer = describe()
    elif "task" in request:
        task = request["task"]
        prepared.append(tasks[task["does"]](messages_from_dict(request["messages"]), task["size"]))
        answer = len(prepared) - 1
    else:
        answer = measure(prepared[request["prepared"]], request["operations"])
    print(json.dumps({"answer": answer}), flush=True)
cluster.shutdown()
