import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { chatHistorySuite } from "../conformance/suite.ts";

// LangChain's own history has to pass as well: it shows that the suite is right.
chatHistorySuite("InMemoryChatMessageHistory", () => new InMemoryChatMessageHistory());
