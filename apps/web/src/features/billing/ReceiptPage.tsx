import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft, ExternalLink, Printer } from "lucide-react";
import { formatDollars } from "../../lib/money.ts";
import { formatDate, formatDateTime } from "../../lib/time.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { meQuery } from "../users/index.ts";
import { documentsQuery, transactionQuery } from "./billing.queries.ts";
import { paymentName, paymentPeriod } from "./payment-words.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const route = getRouteApi("/app/settings/billing/receipts/$id");

/** A payment to print or to save as PDF, with the documents that Stripe has of it. */
export function ReceiptPage() {
  const { id } = route.useParams();
  const { data: user } = useSuspenseQuery(meQuery);
  const query = useQuery(transactionQuery(id));
  const documents = useQuery({ ...documentsQuery(id), enabled: query.data !== undefined });
  const payment = query.data;
  if (!payment)
    return query.error ? <LoadFailed title="Couldn't load the receipt" of={query} /> : <SkeletonRows count={6} label="Loading receipt…" />;
  const period = paymentPeriod(payment);
  const facts: [string, string][] = [
    ["Number", payment.id.slice(0, 8).toUpperCase()],
    ["Paid on", formatDateTime(payment.created_at)],
    ["Paid by", `${user.name}, ${user.email}`],
    ["For", paymentName(payment)],
    ...(period === undefined ? [] : ([["Period", period]] as [string, string][])),
  ];
  const links: [string, string | null | undefined][] = [
    ["Receipt at Stripe", documents.data?.receipt_url],
    ["Invoice at Stripe", documents.data?.invoice_url],
    ["Invoice (PDF)", documents.data?.invoice_pdf_url],
  ];
  return (
    <div className="max-w-prose">
      <div className="mb-4 flex flex-wrap items-center gap-2 print:hidden">
        <Link to="/settings/billing" className={buttonClass({ variant: "ghost" })}>
          <ArrowLeft size={14} />
          Billing
        </Link>
        <span className="flex-1" />
        {links.map(([label, url]) =>
          url ? (
            <a key={label} href={url} target="_blank" rel="noreferrer" className={buttonClass()}>
              <ExternalLink size={14} />
              {label}
            </a>
          ) : null,
        )}
        <Button variant="primary" icon={<Printer size={14} />} onClick={() => print()}>
          Print
        </Button>
      </div>
      {documents.error ? (
        <p className="mb-3 text-xs text-fg-2 print:hidden">
          <ErrorSentence of={documents.error} />
        </p>
      ) : null}
      <article className="rounded-3 border border-line-0 p-5 print:border-0 print:p-0">
        <h2 className="mb-4 text-lg">Receipt from Tesslate Studio</h2>
        <dl className="num grid grid-cols-[8rem_minmax(0,1fr)] gap-y-2 text-sm narrow:grid-cols-1 narrow:gap-y-0.5">
          {facts.map(([term, text]) => (
            <div key={term} className="contents">
              <dt className="text-fg-2 narrow:mt-2">{term}</dt>
              <dd className="min-w-0 break-words text-fg-0">{text}</dd>
            </div>
          ))}
        </dl>
        <table className="num mt-5 w-full text-sm">
          <thead className="border-b border-line-0 text-left text-xs text-fg-2">
            <tr>
              <th scope="col" className="py-1.5 font-medium">
                Item
              </th>
              <th scope="col" className="py-1.5 text-right font-medium">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td className="py-2">{paymentName(payment)}</td>
              <td className="py-2 text-right">{formatDollars(payment.amount_cents)}</td>
            </tr>
            {payment.refunded_cents > 0 ? (
              <tr>
                <td className="py-2">Refunded</td>
                <td className="py-2 text-right">{formatDollars(-payment.refunded_cents)}</td>
              </tr>
            ) : null}
          </tbody>
          <tfoot className="border-t border-line-0 font-medium">
            <tr>
              <td className="py-2">Total (USD)</td>
              <td className="py-2 text-right">{formatDollars(payment.amount_cents - payment.refunded_cents)}</td>
            </tr>
          </tfoot>
        </table>
        <p className="mt-4 text-xs text-fg-2">Paid with Stripe on {formatDate(payment.created_at)}.</p>
      </article>
    </div>
  );
}
