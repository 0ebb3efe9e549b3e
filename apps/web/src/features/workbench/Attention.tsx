import { usePageTitle } from "../../lib/page-title.ts";
import { useProject } from "../../project/project-context.ts";
import { isRunActive, useConversation } from "../chat/index.ts";
import { useDesktopNotices } from "./use-desktop-notices.ts";

/** Renders nothing: sets the title of the tab and shows browser notifications when a run needs input or has ended. */
export function Attention() {
  const { name } = useProject();
  const needsInput = useConversation(({ waitingCount }) => waitingCount > 0);
  const isRunning = useConversation(isRunActive);
  usePageTitle(name, needsInput);
  useDesktopNotices(name, { needsInput, isRunning });
  return null;
}
