//! The corpus: a few inputs of each target that are well formed.

use std::{fs, io, path::Path, process::ExitCode};

use regrant_crypto::{KeyProvider, SigningKey, fuzzing};

use crate::target::{NOW, SECRET};

/// The proof of RFC 9449 §4.1.
const PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0Vj\
    NoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs\
    ImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wb\
    GUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FN\
    yJK70nfbV37xRZT3Lg";

/// Writes the corpus below this folder, one folder a target.
pub(crate) fn write_corpus(root: &Path) -> ExitCode {
    match write_all(root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the corpus cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_all(root: &Path) -> io::Result<()> {
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = root.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)
    };
    write("record", "sealed", &fuzzing::seal_record())?;
    write("record", "short", b"RG\x01\x01")?;
    write("wrapped_key", "wrapped", &wrap_fixed_key())?;
    write("wrapped_key", "short", b"RK\x01\x01\x01\x00")?;
    write("keyring", "one_key", &fuzzing::seal_keyring_file())?;
    write("keyring", "short", b"RGKR\x01")?;
    let payload =
        format!(r#"{{"algorithm":"HMAC-SHA256","issued_at":{NOW},"user_id":"1234567890"}}"#);
    write("signed_request", "payload", payload.as_bytes())?;
    write(
        "signed_request",
        "parts",
        b"c2lnbmF0dXJl.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiJ9",
    )?;
    let migration = format!(
        r#"{{"object":"managed_meta_account","entry":[{{"id":"12","time":{NOW},"changes":[{{"field":"migration_expire_time","value":{{"migration_expire_time":{NOW}}}}}]}}]}}"#
    );
    write("webhook", "migration", migration.as_bytes())?;
    let permissions = format!(
        r#"{{"object":"permissions","entry":[{{"uid":"12","id":"12","time":{NOW},"changes":[{{"field":"ads_read","value":{{"verb":"revoked"}}}}]}}]}}"#
    );
    write("webhook", "permissions", permissions.as_bytes())?;
    write(
        "json_body",
        "nested",
        br#"{"a":[1,-2.5e3,"x\u00e4\n",null,true,{"b":{}}],"a":""}"#,
    )?;
    write("json_body", "text", br#""\ud83d\ude00""#)?;
    let error = format!(
        r#"{{"error":{{"message":"Malformed access token {SECRET}","type":"OAuthException","code":190,"error_subcode":"460","is_transient":false,"error_data":{{"a":1}},"fbtrace_id":"Abc/9"}}}}"#
    );
    write("graph_error", "object", error.as_bytes())?;
    let sentence = format!(r#"{{"error":"invalid access_token={SECRET}"}}"#);
    write("graph_error", "sentence", sentence.as_bytes())?;
    write(
        "settings",
        "tables",
        b"listen = \"127.0.0.1:1\"\n[graph]\nmax_in_flight = 4\n[keys.transit]\naddress = 'https://x'\n",
    )?;
    let token = SigningKey::generate().map_err(io::Error::other)?;
    let claims = serde_json::json!({
        "iss": "https://regrant.example", "aud": "regrant", "sub": "x", "iat": NOW, "nbf": NOW, "exp": NOW + 900,
    });
    let header = serde_json::json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": token.kid() });
    let part = |it: &serde_json::Value| fuzzing::encode_base64(it.to_string().as_bytes());
    let text = format!(
        "{}.{}.{}",
        part(&header),
        part(&claims),
        fuzzing::encode_base64(&[7; 64])
    );
    write("jwt", "unsigned", text.as_bytes())?;
    write("proof", "example", PROOF.as_bytes())
}

fn wrap_fixed_key() -> Vec<u8> {
    let keys: KeyProvider = fuzzing::fixed_keyring().into();
    let wrapped = futures_executor::block_on(keys.wrap_data_key(&fuzzing::fixed_data_key()));
    wrapped.map(|it| it.as_bytes().to_vec()).unwrap_or_default()
}
