import { AppWindow, CodeXml, MessageSquare } from "lucide-react";
import type { ReactNode } from "react";
import { bottomBarCell, MoreCell } from "../../ui/bottom-bar.tsx";
import { useConversation } from "../chat/index.ts";
import { useWorkbenchLayout, type PhoneView } from "./layout-context.ts";
import { useWorkbenchCommands } from "./use-workbench-commands.tsx";

/** The bottom bar of a phone. Behind "More" are the commands of the palette. */
export function PhoneBar() {
  const { phoneView: current, choosePhoneView } = useWorkbenchLayout();
  const needsInput = useConversation(({ waitingCount }) => waitingCount > 0);
  const { more } = useWorkbenchCommands();
  const item = (view: PhoneView, label: string, icon: ReactNode) => (
    <button
      type="button"
      aria-current={current === view ? "page" : undefined}
      className={bottomBarCell}
      onClick={() => choosePhoneView(view)}
    >
      {icon}
      {label}
      {view === "chat" && needsInput && current !== "chat" ? (
        <>
          <span aria-hidden="true" className="absolute top-1.75 left-[calc(50%+8px)] size-2 rounded-full bg-brand" />
          <span className="sr-only">, needs your input</span>
        </>
      ) : null}
    </button>
  );
  return (
    <nav aria-label="Views" className="workbench-views grid-cols-4 border-t border-line-0 bg-bg-1 pb-[env(safe-area-inset-bottom)]">
      {item("chat", "Chat", <MessageSquare />)}
      {item("preview", "Preview", <AppWindow />)}
      {item("code", "Code", <CodeXml />)}
      <MoreCell entries={more} isCurrent={current !== "chat" && current !== "preview" && current !== "code"} />
    </nav>
  );
}
