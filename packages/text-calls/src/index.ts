/** Tool calls that models without function calling write as text: the rules that ask for them, and the reader that finds them. */
export { textRules } from "./catalogue.ts";
export { createFileBlockReader, type FileBlockReader } from "./file-blocks.ts";
export type { FoundCall } from "./find-calls.ts";
export { createReplyReader, type ReadReply, type ReplyReader, type ReplyReaderOptions } from "./reply-reader.ts";
export type { Piece } from "./reply-text.ts";
export { plain, type CallableTool } from "./tool.ts";
