-- A link in FusionPBX's menu "Status", to a page that shows the parked calls: set its address. For PostgreSQL 13 or newer, as the
-- user fusionpbx:
--   psql -d fusionpbx -v link=/callpark/ -f menu.sql
-- Afterwards, log out and in again. It adds nothing if it has run before.
\set item '''6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad104'''
BEGIN;
INSERT INTO v_menu_items (menu_item_uuid, menu_uuid, menu_item_parent_uuid, menu_item_title, menu_item_link, menu_item_category,
                          menu_item_protected, menu_item_order)
SELECT :item, parent.menu_uuid, parent.menu_item_uuid, 'Parked Calls', :'link', 'internal', 'false', 50
FROM v_menu_items AS parent
WHERE parent.menu_item_title = 'Status' AND NOT EXISTS (SELECT 1 FROM v_menu_items WHERE menu_item_uuid = :item)
LIMIT 1;
-- FusionPBX shows only what has a title in the user's language.
INSERT INTO v_menu_languages (menu_language_uuid, menu_uuid, menu_item_uuid, menu_language, menu_item_title)
SELECT gen_random_uuid(), item.menu_uuid, item.menu_item_uuid, parent.menu_language,
       CASE WHEN parent.menu_language LIKE 'de-%' THEN 'Geparkte Anrufe' ELSE item.menu_item_title END
FROM v_menu_items AS item
JOIN v_menu_languages AS parent ON parent.menu_item_uuid = item.menu_item_parent_uuid AND parent.menu_uuid = item.menu_uuid
WHERE item.menu_item_uuid = :item AND NOT EXISTS (SELECT 1 FROM v_menu_languages WHERE menu_item_uuid = :item);
INSERT INTO v_menu_item_groups (menu_item_group_uuid, menu_uuid, menu_item_uuid, group_name, group_uuid)
SELECT '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad105', item.menu_uuid, item.menu_item_uuid, 'superadmin',
       (SELECT group_uuid FROM v_groups WHERE group_name = 'superadmin' LIMIT 1)
FROM v_menu_items AS item
WHERE item.menu_item_uuid = :item AND NOT EXISTS (SELECT 1 FROM v_menu_item_groups WHERE menu_item_uuid = :item);
COMMIT;
