//! The entry in FusionPBX's menu that `contrib/fusionpbx/menu.sql` makes, in tables like those of FusionPBX.

use std::process::Command;

use kit::Postgres;

const TABLES: &str = "
CREATE TABLE v_menu_items (menu_item_uuid uuid PRIMARY KEY, menu_uuid uuid, menu_item_parent_uuid uuid, menu_item_title text,
    menu_item_link text, menu_item_icon text, menu_item_category text, menu_item_protected text, menu_item_order numeric);
CREATE TABLE v_menu_languages (menu_language_uuid uuid PRIMARY KEY, menu_uuid uuid, menu_item_uuid uuid, menu_language text,
    menu_item_title text);
CREATE TABLE v_menu_item_groups (menu_item_group_uuid uuid PRIMARY KEY, menu_uuid uuid, menu_item_uuid uuid, group_name text,
    group_uuid uuid);
CREATE TABLE v_groups (group_uuid uuid PRIMARY KEY, group_name text);
INSERT INTO v_groups VALUES (gen_random_uuid(), 'superadmin'), (gen_random_uuid(), 'user');
INSERT INTO v_menu_items (menu_item_uuid, menu_uuid, menu_item_title)
    VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000009', 'Status');
INSERT INTO v_menu_languages SELECT gen_random_uuid(), menu_uuid, menu_item_uuid, language, 'Status'
    FROM v_menu_items, unnest(ARRAY['en-us', 'de-de']) AS language;
GRANT ALL ON ALL TABLES IN SCHEMA public TO callpark;";

/// What FusionPBX shows below a menu, in that language.
const SHOWN: &str = "SELECT l.menu_language || ' ' || l.menu_item_title || ' ' || i.menu_item_link FROM v_menu_items AS i
    JOIN v_menu_languages AS l USING (menu_item_uuid, menu_uuid)
    WHERE i.menu_item_parent_uuid = '00000000-0000-4000-8000-000000000001' AND menu_item_uuid IN
    (SELECT menu_item_uuid FROM v_menu_item_groups JOIN v_groups USING (group_uuid) WHERE v_groups.group_name = 'superadmin')
    ORDER BY 1";

#[test]
fn the_menu_of_fusionpbx_gets_one_entry_in_each_language() {
    let Some(server) = Postgres::start() else { return };
    server.sql(TABLES);
    for _ in 0..2 {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/fusionpbx/menu.sql");
        let done = Command::new("psql")
            .args([
                "--no-psqlrc",
                "--quiet",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                "link=/callpark/",
                "-f",
                file,
            ])
            .arg(server.url())
            .output()
            .expect("psql");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(
            server.sql(SHOWN).trim(),
            "de-de Geparkte Anrufe /callpark/\nen-us Parked Calls /callpark/"
        );
    }
}
