//! Arrays of PostgreSQL: columns of rows as text, `{"a","b",NULL}`, and lists as they are.
//!
//! The rule: in text every element is quoted and escaped, whatever its type, so that no value can end its element. Text
//! carries nulls; a list has none, and the planner sees its values, as it does not see what a cast makes of text.

use std::fmt::Write;

use sea_orm::{Value, sea_query::ArrayType};

/// An array as text, and the cast that gives it its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) text: String,
    pub(super) cast: &'static str,
}

/// Writes values of one type, each of them possibly null, as an array.
///
/// # Errors
/// There is no value, they have different types, or a type that no column has.
pub(super) fn write_array(values: &[&Value]) -> Result<Array, String> {
    let first = values.first().ok_or("a list is empty")?;
    let cast = find_cast(first)?;
    let mut text = String::with_capacity(values.len() * 24);
    for (n, value) in values.iter().enumerate() {
        if find_cast(value)? != cast {
            return Err("the values of a column have different types".to_owned());
        }
        text.push(if n == 0 { '{' } else { ',' });
        write_element(value, &mut text);
    }
    text.push('}');
    Ok(Array { text, cast })
}

/// The list as one value, and the cast that names its type.
///
/// # Errors
/// There is no value, one is null, they have different types, or a type that no column has.
pub(super) fn to_array_value(list: &[Value]) -> Result<(Value, &'static str), String> {
    let first = list.first().ok_or("a list is empty")?;
    let cast = find_cast(first)?;
    let array_type = match first {
        Value::Bool(_) => ArrayType::Bool,
        Value::Int(_) => ArrayType::Int,
        Value::BigInt(_) => ArrayType::BigInt,
        Value::String(_) => ArrayType::String,
        Value::Bytes(_) => ArrayType::Bytes,
        _ => ArrayType::Uuid,
    };
    for value in list {
        if find_cast(value)? != cast || *value == value.as_null() {
            return Err("the values of a list have different types, or one is null".to_owned());
        }
    }
    Ok((
        Value::Array(array_type, Some(Box::new(list.to_vec()))),
        cast,
    ))
}

fn find_cast(value: &Value) -> Result<&'static str, String> {
    match value {
        Value::Bool(_) => Ok("::boolean[]"),
        Value::Int(_) => Ok("::integer[]"),
        Value::BigInt(_) => Ok("::bigint[]"),
        Value::String(_) => Ok("::text[]"),
        Value::Bytes(_) => Ok("::bytea[]"),
        Value::Uuid(_) => Ok("::uuid[]"),
        _ => Err("a list has values of a type that no column has".to_owned()),
    }
}

fn write_element(value: &Value, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Bool(Some(it)) => write!(text, "{it}"),
        Value::Int(Some(it)) => write!(text, "{it}"),
        Value::BigInt(Some(it)) => write!(text, "{it}"),
        Value::Uuid(Some(it)) => write!(text, "{it}"),
        Value::String(Some(it)) => {
            write_quoted(it, text);
            Ok(())
        }
        Value::Bytes(Some(it)) => {
            write_hex(it, text);
            Ok(())
        }
        _ => write!(text, "NULL"),
    };
}

fn write_quoted(it: &str, text: &mut String) {
    text.push('"');
    if it.contains(['"', '\\']) {
        text.push_str(&it.replace('\\', r"\\").replace('"', "\\\""));
    } else {
        text.push_str(it);
    }
    text.push('"');
}

/// Writes `"\\x0aff"`: the array's reader takes one of the two backslashes, that of bytes the other.
fn write_hex(bytes: &[u8], text: &mut String) {
    text.push_str("\"\\\\x");
    text.push_str(&hex::encode(bytes));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(values: &[Value]) -> Result<(String, &'static str), String> {
        let values: Vec<_> = values.iter().collect();
        write_array(&values).map(|it| (it.text, it.cast))
    }

    #[test]
    fn each_type_has_its_text_and_nulls_stay_null() {
        let cases: [(&[Value], &str, &str); 4] = [
            (
                &["a".into(), Value::String(None)],
                r#"{"a",NULL}"#,
                "::text[]",
            ),
            (
                &[(-1_i64).into(), Value::BigInt(None)],
                "{-1,NULL}",
                "::bigint[]",
            ),
            (&[true.into(), false.into()], "{true,false}", "::boolean[]"),
            (
                &[vec![0_u8, 171].into(), Value::Bytes(None)],
                r#"{"\\x00ab",NULL}"#,
                "::bytea[]",
            ),
        ];
        for (values, text, cast) in cases {
            assert_eq!(write(values), Ok((text.to_owned(), cast)));
        }
    }

    #[test]
    fn no_text_ends_its_element() {
        let hostile = r#"a","b\},NULL{"#;
        assert_eq!(
            write(&[hostile.into(), "NULL".into(), "".into()])
                .unwrap()
                .0,
            r#"{"a\",\"b\\},NULL{","NULL",""}"#
        );
    }

    #[test]
    fn no_values_and_mixed_values_are_refused() {
        assert!(write(&[]).is_err());
        assert!(write(&["a".into(), 1_i64.into()]).is_err());
        assert!(write(&[1.5_f64.into()]).is_err());
    }

    #[test]
    fn a_list_is_of_one_type_and_has_no_null() {
        assert_eq!(to_array_value(&["a".into()]).unwrap().1, "::text[]");
        for refused in [
            [].as_slice(),
            &["a".into(), 1_i64.into()],
            &["a".into(), Value::String(None)],
            &[1.5_f64.into()],
        ] {
            assert!(to_array_value(refused).is_err(), "{refused:?}");
        }
    }
}
