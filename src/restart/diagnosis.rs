//! stand-in
pub struct Explanation {
    pub words: &'static str,
    pub hint: &'static str,
    pub is_lasting: bool,
}
pub fn diagnose(_: &[String]) -> Option<Explanation> {
    None
}
