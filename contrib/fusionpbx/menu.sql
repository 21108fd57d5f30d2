-- A link in FusionPBX's menu "Status", to a page that shows the parked calls: set its address. For PostgreSQL, as the user fusionpbx:
--   psql -d fusionpbx -v link=/callpark/ -f menu.sql
-- Afterwards, log out and in again. It adds nothing if it has run before.
BEGIN;
INSERT INTO v_menu_items (menu_item_uuid, menu_uuid, menu_item_parent_uuid, menu_item_title, menu_item_link, menu_item_category,
                          menu_item_protected, menu_item_order)
SELECT '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad104', parent.menu_uuid, parent.menu_item_uuid, 'Parked Calls', :'link', 'internal', 'false', 50
FROM v_menu_items AS parent
WHERE parent.menu_item_title = 'Status'
  AND NOT EXISTS (SELECT 1 FROM v_menu_items WHERE menu_item_uuid = '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad104')
LIMIT 1;
INSERT INTO v_menu_item_groups (menu_item_group_uuid, menu_uuid, menu_item_uuid, group_name, group_uuid)
SELECT '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad105', item.menu_uuid, item.menu_item_uuid, 'superadmin',
       (SELECT group_uuid FROM v_groups WHERE group_name = 'superadmin' LIMIT 1)
FROM v_menu_items AS item
WHERE item.menu_item_uuid = '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad104'
  AND NOT EXISTS (SELECT 1 FROM v_menu_item_groups WHERE menu_item_group_uuid = '6f0c3b6e-1d0b-4f0a-9c58-0f1f5f8ad105');
COMMIT;
