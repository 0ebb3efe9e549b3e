import { useQuery } from "@tanstack/react-query";
import { expect, screen, test, waitFor } from "../testing/index.ts";
import { useOptimisticMutation } from "./use-optimistic-mutation.ts";

const key = ["count"];
function Counter({ send, read }: { send: (by: number) => Promise<number>; read: () => Promise<number> }) {
  const { data } = useQuery({ queryKey: key, queryFn: read });
  const add = useOptimisticMutation({
    mutationFn: send,
    affects: [key],
    show: (queries, by) => queries.setQueryData<number>(key, (count) => (count ?? 0) + by),
    adopt: (queries, count) => queries.setQueryData(key, count),
  });
  return (
    <button type="button" onClick={() => add.mutate(1)}>
      {data ?? "none"}
    </button>
  );
}
const shows = (text: string) => waitFor(() => expect(screen.getByRole("button")).toHaveTextContent(text));

test("a change is shown before the answer, and then what the server says", async ({ show, user }) => {
  const answer = Promise.withResolvers<number>();
  show(<Counter send={() => answer.promise} read={async () => 1} />);
  await shows("1");
  await user.click(screen.getByRole("button"));
  await shows("2");
  answer.resolve(7);
  await shows("7");
});

test("a change that fails is taken back, and what is shown is loaded again", async ({ show, user }) => {
  const answer = Promise.withResolvers<number>();
  let stored = 1;
  show(<Counter send={() => answer.promise} read={async () => stored} />);
  await shows("1");
  await user.click(screen.getByRole("button"));
  await shows("2");
  stored = 5;
  answer.reject(new Error("Refused."));
  await shows("5");
});

test("a response that a change interrupts is asked for again", async ({ show, user }) => {
  const answer = Promise.withResolvers<number>();
  const reads: PromiseWithResolvers<number>[] = [];
  const read = () => {
    const next = Promise.withResolvers<number>();
    reads.push(next);
    return next.promise;
  };
  show(<Counter send={() => answer.promise} read={read} />);
  await waitFor(() => expect(reads).toHaveLength(1));
  await user.click(screen.getByRole("button"));
  await shows("1");
  answer.resolve(7);
  await waitFor(() => expect(reads).toHaveLength(2));
  reads[1]?.resolve(9);
  await shows("9");
});
