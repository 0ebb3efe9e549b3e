export { LogsPanel } from "./LogsPanel.tsx";
export { TerminalPanel } from "./TerminalPanel.tsx";
