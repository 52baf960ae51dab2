import { ConversationChain } from "@langchain/classic/chains";
import { BufferMemory } from "@langchain/classic/memory";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

// In place of a real model, such as one of @langchain/openai.
const model = new FakeListChatModel({ responses: ["whats up?", "You said hi!"] });
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

const chain = new ConversationChain({ llm: model, memory: new BufferMemory({ chatHistory: history }) });

for (const input of ["hi!", "What did I say?"]) console.log((await chain.invoke({ input }))["response"]);
console.log(`${await history.count()} messages are stored.`);
await client.shutdown();
