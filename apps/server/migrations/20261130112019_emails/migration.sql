ALTER TABLE "letters" RENAME TO "emails";--> statement-breakpoint
ALTER TABLE "emails" RENAME COLUMN "sealed_letter" TO "sealed_content";--> statement-breakpoint
ALTER INDEX "letters_created_at_idx" RENAME TO "emails_created_at_idx";--> statement-breakpoint
ALTER INDEX "letters_due_idx" RENAME TO "emails_due_idx";--> statement-breakpoint
-- Jobs that are queued during the upgrade, under their new names.
DO $$ BEGIN
  IF to_regclass('graphile_worker._private_tasks') IS NOT NULL THEN
    UPDATE graphile_worker._private_tasks AS task SET identifier = renamed.after
    FROM (VALUES
      ('send_letter', 'send_email'), ('sweep_letters', 'sweep_emails'), ('quiet_account', 'stop_account_work'),
      ('settle_use', 'settle_usage'), ('lapse_library', 'expire_library'), ('send_share', 'transfer_share'),
      ('take_back_share', 'reverse_transfer'), ('sweep_shares', 'sweep_transfers')
    ) AS renamed (before, after)
    WHERE task.identifier = renamed.before;
  END IF;
END $$;
