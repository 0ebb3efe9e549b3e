import { ChevronLeft, ChevronRight } from "lucide-react";
import { cx } from "../lib/cx.ts";
import { formatNumber } from "../lib/numbers.ts";
import { IconButton } from "./IconButton.tsx";

export interface PagerProps {
  /** The page as the API returns it. */
  list: { items: readonly unknown[]; total: number; total_pages: number };
  /** From 1. It may be past the end, after rows were deleted. */
  page: number;
  perPage: number;
  onPage: (page: number) => void;
  /** Its name, where a screen has several. */
  label?: string;
  className?: string;
}

/** Which rows of a list are shown ("26–50 of 1,200"), and the pages before and after. Renders nothing if there is only one page. */
export function Pager({ list: { items, total, total_pages }, page, perPage, onPage, label = "Pages", className }: PagerProps) {
  if (total_pages <= 1) return null;
  const before = (page - 1) * perPage;
  return (
    <nav aria-label={label} className={cx("flex items-center gap-1", className)}>
      <span className="num mr-1 text-xs text-fg-2">
        {items.length > 0
          ? `${formatNumber(before + 1)}–${formatNumber(before + items.length)} of ${formatNumber(total)}`
          : `0 of ${formatNumber(total)}`}
      </span>
      <IconButton label="Previous page" disabled={page <= 1} onClick={() => onPage(Math.min(page - 1, total_pages))}>
        <ChevronLeft />
      </IconButton>
      <IconButton label="Next page" disabled={page >= total_pages} onClick={() => onPage(page + 1)}>
        <ChevronRight />
      </IconButton>
    </nav>
  );
}
