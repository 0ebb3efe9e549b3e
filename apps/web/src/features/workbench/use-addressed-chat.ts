import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useConversation } from "../chat/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";

/** Opens the chat that the address names (`?chat=`), which then leaves the address. */
export function useAddressedChat(): void {
  const wanted = useSearch({ from: "/app/p/$slug/{-$view}", shouldThrow: false })?.chat;
  const open = useConversation(({ chat }) => chat.open);
  const { showChat } = useWorkbenchLayout();
  const navigate = useNavigate();
  const follow = useHandler((chatId: string) => {
    open(chatId);
    showChat();
    void navigate({ to: ".", search: (before: { chat?: string | undefined }) => ({ ...before, chat: undefined }), replace: true } as never);
  });
  useEffect(() => {
    if (wanted !== undefined) follow(wanted);
  }, [wanted, follow]);
}
