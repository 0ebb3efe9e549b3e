import type { View } from "../../project/views.ts";
import { chatWidth, type ChatSize, type Layout } from "./use-layout.ts";
import { viewTable } from "./views.tsx";

/** The chat beside a view: views that need room have a size of their own, the others share one. */
export function chatSizeOf(layout: Layout, view: View): ChatSize {
  const { chat } = viewTable[view];
  return chat
    ? (layout.roomyChats[view] ?? { chatPx: chatWidth.min, isFolded: chat === "folded" })
    : { chatPx: layout.chatPx, isFolded: layout.isFolded };
}

/** The change of the layout that gives the chat beside a view another size. */
export function withChatSize(layout: Layout, view: View, patch: Partial<ChatSize>): Partial<Layout> {
  const size = { ...chatSizeOf(layout, view), ...patch };
  return viewTable[view].chat ? { roomyChats: { ...layout.roomyChats, [view]: size } } : size;
}
