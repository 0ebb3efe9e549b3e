import { Star } from "lucide-react";
import { useId } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDecimal, formatNumber } from "../../lib/numbers.ts";

const five = [1, 2, 3, 4, 5];
const words = ["", "Bad", "Poor", "Fair", "Good", "Excellent"];

/** An average rating with one star and the number of reviews. */
export const Rating = ({ rating, count }: { rating: number | null; count: number }) =>
  rating === null ? (
    <span>No ratings yet</span>
  ) : (
    <span className="inline-flex items-center gap-1" title={counted(count, "review")}>
      <Star size={12} fill="currentColor" aria-hidden="true" />
      <span className="num">{formatDecimal(rating, 1)}</span>
      <span className="num text-fg-2">
        <span className="sr-only">of 5, from</span> ({formatNumber(count)})
      </span>
    </span>
  );

export const StarRow = ({ rating }: { rating: number }) => (
  <span role="img" aria-label={`${rating} of 5 stars`} className="inline-flex gap-px text-fg-1">
    {five.map((n) => (
      <Star key={n} size={13} fill={n <= rating ? "currentColor" : "none"} />
    ))}
  </span>
);

/** Five radio buttons that look like stars. */
export function StarInput({ value, onChange }: { value: number; onChange: (rating: number) => void }) {
  const name = useId();
  return (
    <fieldset className="flex items-center gap-0.5">
      <legend className="sr-only">Your rating</legend>
      {five.map((n) => (
        <label
          key={n}
          className={cx(
            "cursor-pointer rounded-1 p-1 has-focus-visible:outline-2 has-focus-visible:outline-focus narrow:p-2.5",
            n <= value ? "text-fg-0" : "text-fg-3 hover:text-fg-1",
          )}
        >
          <input type="radio" name={name} value={n} checked={value === n} onChange={() => onChange(n)} className="sr-only" />
          <Star size={18} fill={n <= value ? "currentColor" : "none"} aria-hidden="true" />
          <span className="sr-only">
            {n} of 5, {words[n]}
          </span>
        </label>
      ))}
      <span aria-hidden="true" className="pl-1.5 text-xs text-fg-2">
        {words[value]}
      </span>
    </fieldset>
  );
}
