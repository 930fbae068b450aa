-- What is searched for has a column of its own, also where JSON can be searched:
-- other databases do that otherwise.
ALTER TABLE operation ADD COLUMN event TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN renames INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN entitlement_type TEXT;
ALTER TABLE operation ADD COLUMN entitlement_uid TEXT;
UPDATE operation SET
    event = coalesce(body ->> '$.event', ''),
    renames = json_extract(body, '$.change.update.name') IS NOT NULL,
    entitlement_type = coalesce(body ->> '$.change.grant.entitlement.object_type',
        body ->> '$.change.revoke.entitlement.object_type'),
    entitlement_uid = coalesce(body ->> '$.change.grant.entitlement.uid',
        body ->> '$.change.revoke.entitlement.uid');

ALTER TABLE observed_account ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE observed_account SET name = coalesce(body ->> '$.name', '');
