export { chatHistoryMiddleware } from "./middleware.ts";
export type {
  ChatHistoryContext,
  ChatHistoryContextSchema,
  ChatHistoryMiddlewareOptions,
  ChatHistorySource,
  SaveMode,
} from "./options.ts";
