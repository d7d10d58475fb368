//! Bodies of `multipart/form-data`, which `curl -F` sends and Meta's samples use.

use multer::Multipart;

/// Names and values of the parts; a file is its name, because nothing that is simulated reads files.
pub(crate) type Parts = Vec<(String, String)>;

/// The parts of a body; none if the content type is another one.
///
/// # Errors
/// Says what is wrong with a body that is not what its content type says.
pub(crate) async fn read_parts(
    content_type: &str,
    body: &[u8],
) -> Result<Option<Parts>, multer::Error> {
    let boundary = match multer::parse_boundary(content_type) {
        Ok(boundary) => boundary,
        Err(multer::Error::NoBoundary) => return Err(multer::Error::NoBoundary),
        Err(_) => return Ok(None),
    };
    let mut multipart = Multipart::with_reader(body, boundary);
    let mut parts = Parts::new();
    while let Some(field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(ToOwned::to_owned);
        let text = String::from_utf8_lossy(&field.bytes().await?).into_owned();
        parts.push((name, file.unwrap_or(text)));
    }
    Ok(Some(parts))
}
