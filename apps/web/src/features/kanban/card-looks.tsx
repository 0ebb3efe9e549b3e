import {
  BookOpen,
  Box,
  Bug,
  ChevronDown,
  ChevronsUp,
  ChevronUp,
  Equal,
  FileText,
  FlaskConical,
  Layers,
  Siren,
  SquareCheck,
  TrendingUp,
  Wrench,
} from "lucide-react";
import type { CardPriority, CardType } from "@tesslate/contract";
import type { ReactNode } from "react";
import type { Tone } from "../../ui/Pill.tsx";

interface Look {
  label: string;
  icon: ReactNode;
}
export const priorityLooks: Record<CardPriority, Look & { tone: Tone }> = {
  low: { label: "Low", icon: <ChevronDown size={12} />, tone: "neutral" },
  medium: { label: "Medium", icon: <Equal size={12} />, tone: "neutral" },
  high: { label: "High", icon: <ChevronUp size={12} />, tone: "warn" },
  critical: { label: "Critical", icon: <ChevronsUp size={12} />, tone: "err" },
  urgent: { label: "Urgent", icon: <Siren size={12} />, tone: "err" },
};
export const cardTypeLooks: Record<CardType, Look> = {
  feature: { label: "Feature", icon: <Box size={12} /> },
  bug: { label: "Bug", icon: <Bug size={12} /> },
  task: { label: "Task", icon: <SquareCheck size={12} /> },
  epic: { label: "Epic", icon: <Layers size={12} /> },
  story: { label: "Story", icon: <BookOpen size={12} /> },
  enhancement: { label: "Enhancement", icon: <TrendingUp size={12} /> },
  refactor: { label: "Refactor", icon: <Wrench size={12} /> },
  docs: { label: "Docs", icon: <FileText size={12} /> },
  testing: { label: "Testing", icon: <FlaskConical size={12} /> },
};

/** Colours a column may have; others are shown as grey. */
export const columnColors = {
  gray: "var(--graph-env)",
  blue: "var(--graph-http)",
  green: "var(--graph-database)",
  purple: "var(--graph-cache)",
  teal: "var(--graph-preview)",
  orange: "var(--graph-deploy)",
  yellow: "var(--warn)",
  red: "var(--err)",
} as const;
export const inkOf = (color: string | null): string => columnColors[(color ?? "gray") as keyof typeof columnColors] ?? columnColors.gray;

export const ColumnMark = ({ color }: { color: string | null }) => (
  <span aria-hidden="true" className="size-2 flex-none rounded-[2px]" style={{ background: inkOf(color) }} />
);
