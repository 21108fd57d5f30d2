//! What an administrator is told about the configuration.

use super::lot::{LOTS, Scene, setup};

#[test]
fn a_mistake_is_reported_with_its_line_in_the_file() {
    let scene = Scene::start(setup(LOTS));
    scene.switch.write_callpark_conf(Some(
        r#"<configuration name="callpark.conf">
  <!-- Comments
       count
       too. -->
  <lots>
    <lot name="default" orbits="701-705">
      <param name="time-out" value="90"/>
    </lot>
  </lots>
</configuration>"#,
    ));
    assert_eq!(
        scene.api("reload").trim(),
        r#"-ERR failed line 7, lot "default", time-out="90": unknown param"#
    );
}
