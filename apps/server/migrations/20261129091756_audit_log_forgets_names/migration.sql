CREATE OR REPLACE FUNCTION "audit_log_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		-- Of a person who is gone the log keeps what was done, and not what they were called.
		IF (to_jsonb(NEW) - '{target_name,extra_data}'::text[]) = (to_jsonb(OLD) - '{target_name,extra_data}'::text[])
			AND (NEW."target_name" IS NULL OR NEW."target_name" = OLD."target_name")
			AND NEW."extra_data" = OLD."extra_data" - '{before,after,slug,username,owner_username,comment}'::text[]
			AND (OLD."target_type" = 'user' OR OLD."extra_data" ?| '{owner_id,user_id,author_id}'::text[])
			AND NOT EXISTS (
				SELECT 1 FROM "users" u
				WHERE u."id"::text IN (OLD."target_id", OLD."extra_data" ->> 'owner_id', OLD."extra_data" ->> 'user_id', OLD."extra_data" ->> 'author_id')
			) THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
