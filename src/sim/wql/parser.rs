//! Tokens to a query.

use super::{
    Condition, Literal, Operator,
    lexer::{Token, tokens},
};

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) enum Query {
    /// Of the instances these properties; none means all.
    Select {
        properties: Vec<String>,
        class: String,
        condition: Option<Condition>,
    },
    Associators {
        object: ObjectName,
        restrictions: Restrictions,
    },
    References {
        object: ObjectName,
        restrictions: Restrictions,
    },
}

/// The object in the braces of `ASSOCIATORS OF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct ObjectName {
    pub(in crate::sim) class: String,
    pub(in crate::sim) keys: Vec<(String, String)>,
}

/// The `WHERE` of `ASSOCIATORS OF` and `REFERENCES OF`; it has no `AND`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Restrictions {
    pub(in crate::sim) assoc_class: Option<String>,
    pub(in crate::sim) result_class: Option<String>,
    pub(in crate::sim) role: Option<String>,
    pub(in crate::sim) result_role: Option<String>,
}

/// Parses a query.
///
/// # Errors
/// What was expected and what came.
pub(in crate::sim) fn parse(query: &str) -> Result<Query, String> {
    let mut parser = Parser { tokens: tokens(query)?.into_iter().peekable() };
    let query = if parser.keyword("SELECT") {
        parser.select()?
    } else if parser.keyword("ASSOCIATORS") {
        let object = parser.object()?;
        let restrictions = parser.restrictions(&["AssocClass", "ResultClass", "Role", "ResultRole"])?;
        Query::Associators { object, restrictions }
    } else if parser.keyword("REFERENCES") {
        let object = parser.object()?;
        let restrictions = parser.restrictions(&["ResultClass", "Role"])?;
        Query::References { object, restrictions }
    } else {
        return Err(parser.expected("SELECT, ASSOCIATORS OF or REFERENCES OF"));
    };
    match parser.tokens.peek() {
        None => Ok(query),
        Some(_) => Err(parser.expected("the end")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn select(&mut self) -> Result<Query, String> {
        let mut properties = Vec::new();
        if !self.accept("*") {
            properties.push(self.name("`*` or a property")?);
            while self.accept(",") {
                properties.push(self.name("a property")?);
            }
        }
        self.word("FROM")?;
        let class = self.name("a class")?;
        let condition = if self.keyword("WHERE") { Some(self.any()?) } else { None };
        Ok(Query::Select { properties, class, condition })
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        Ok(single_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.term()?];
        while self.keyword("AND") {
            parts.push(self.term()?);
        }
        Ok(single_or(parts, Condition::All))
    }

    fn term(&mut self) -> Result<Condition, String> {
        if self.keyword("NOT") {
            return Ok(Condition::Not(Box::new(self.term()?)));
        }
        if self.accept("(") {
            let inner = self.any()?;
            self.sign(")")?;
            return Ok(inner);
        }
        let property = self.name("a property")?;
        if self.keyword("IS") {
            let negated = self.keyword("NOT");
            self.word("NULL")?;
            return Ok(Condition::IsNull { property, negated });
        }
        let operator = self.operator()?;
        let literal = self.literal()?;
        Ok(match (&literal, operator) {
            (Literal::Word(word), Operator::Equal | Operator::NotEqual)
                if word.eq_ignore_ascii_case("NULL") =>
            {
                Condition::IsNull { property, negated: operator == Operator::NotEqual }
            }
            _ => Condition::Compare { property, operator, literal },
        })
    }

    fn operator(&mut self) -> Result<Operator, String> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("=", Operator::Equal),
            ("<>", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        if self.keyword("LIKE") {
            return Ok(Operator::Like);
        }
        for (sign, operator) in OPERATORS {
            if self.accept(sign) {
                return Ok(operator);
            }
        }
        Err(self.expected("a comparison"))
    }

    fn object(&mut self) -> Result<ObjectName, String> {
        self.word("OF")?;
        self.sign("{")?;
        let mut class = self.name("a class")?;
        if self.accept(":") {
            // What came was the namespace.
            class = self.name("a class")?;
        }
        let mut keys = Vec::new();
        self.sign(".")?;
        loop {
            let key = self.name("a key")?;
            self.sign("=")?;
            keys.push((key, self.literal()?.text().to_owned()));
            if !self.accept(",") {
                break;
            }
        }
        self.sign("}")?;
        Ok(ObjectName { class, keys })
    }

    fn restrictions(&mut self, allowed: &[&str]) -> Result<Restrictions, String> {
        let mut restrictions = Restrictions::default();
        if !self.keyword("WHERE") {
            return Ok(restrictions);
        }
        while self.tokens.peek().is_some() {
            let name = self.name("a restriction")?;
            let Some(known) = allowed.iter().find(|known| known.eq_ignore_ascii_case(&name)) else {
                return Err(format!("expected one of {}, got `{name}`", allowed.join(", ")));
            };
            self.sign("=")?;
            let value = Some(self.name("a name")?);
            match *known {
                "AssocClass" => restrictions.assoc_class = value,
                "ResultClass" => restrictions.result_class = value,
                "Role" => restrictions.role = value,
                _ => restrictions.result_role = value,
            }
        }
        Ok(restrictions)
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => Ok(Literal::Word(word)),
            other => Err(format!("expected a value, got {}", shown(other.as_ref()))),
        }
    }

    fn name(&mut self, what: &str) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("expected {what}, got {}", shown(other.as_ref()))),
        }
    }

    fn word(&mut self, keyword: &str) -> Result<(), String> {
        if self.keyword(keyword) { Ok(()) } else { Err(self.expected(keyword)) }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let is_it = |token: &Token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.tokens.next_if(is_it).is_some()
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), String> {
        if self.accept(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn accept(&mut self, sign: &'static str) -> bool {
        self.tokens.next_if_eq(&Token::Sign(sign)).is_some()
    }

    fn expected(&mut self, what: &str) -> String {
        format!("expected {what}, got {}", shown(self.tokens.peek()))
    }
}

fn single_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn shown(token: Option<&Token>) -> String {
    match token {
        None => "the end".to_owned(),
        Some(Token::Word(word)) => format!("`{word}`"),
        Some(Token::Text(text)) => format!("'{text}'"),
        Some(Token::Sign(sign)) => format!("`{sign}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(property: &str, value: &str) -> Condition {
        Condition::Compare {
            property: property.into(),
            operator: Operator::Equal,
            literal: Literal::Text(value.into()),
        }
    }

    #[test]
    fn a_select_with_escaped_literals_reads() {
        let query =
            parse(r#"SELECT * FROM Msvm_X WHERE InstanceID='Microsoft:\\a\'s' AND Name="x""#).unwrap();
        assert_eq!(
            query,
            Query::Select {
                properties: Vec::new(),
                class: "Msvm_X".into(),
                condition: Some(Condition::All(vec![
                    equal("InstanceID", r"Microsoft:\a's"),
                    equal("Name", "x")
                ])),
            }
        );
    }

    #[test]
    fn a_list_of_properties_reads() {
        let query = parse("select Name, EnabledState from Msvm_X").unwrap();
        let properties = vec!["Name".into(), "EnabledState".into()];
        assert_eq!(query, Query::Select { properties, class: "Msvm_X".into(), condition: None });
    }

    #[test]
    fn and_binds_closer_than_or_and_brackets_closer_still() {
        let Query::Select { condition: Some(Condition::Any(parts)), .. } =
            parse("select * from X where A='1' and B='2' or not (C='3' or D is not null)").unwrap()
        else {
            panic!("an OR on top")
        };
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], Condition::All(vec![equal("A", "1"), equal("B", "2")]));
        assert!(matches!(&parts[1], Condition::Not(inner) if matches!(**inner, Condition::Any(_))));
    }

    #[test]
    fn associators_name_an_object_and_its_restrictions_without_and() {
        let text = r#"ASSOCIATORS OF {\\HV01\root\virtualization\v2:Msvm_ConcreteJob.InstanceID="J-1"}
            WHERE AssocClass = Msvm_AffectedJobElement ResultClass = Msvm_SnapshotCollection"#;
        let Query::Associators { object, restrictions } = parse(text).unwrap() else { panic!("associators") };
        assert_eq!(object.class, "Msvm_ConcreteJob");
        assert_eq!(object.keys, [("InstanceID".to_owned(), "J-1".to_owned())]);
        assert_eq!(restrictions.assoc_class.as_deref(), Some("Msvm_AffectedJobElement"));
        assert_eq!(restrictions.result_class.as_deref(), Some("Msvm_SnapshotCollection"));
        let text = "references of {X.A='1',B='2'} where ResultClass=Y";
        let Query::References { object, restrictions } = parse(text).unwrap() else { panic!("references") };
        assert_eq!(object.keys.len(), 2);
        assert_eq!(restrictions.result_class.as_deref(), Some("Y"));
    }

    #[test]
    fn what_is_not_a_query_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "expected SELECT, ASSOCIATORS OF or REFERENCES OF, got the end"),
            ("select from X", "expected FROM, got `X`"),
            ("select 'Name' from X", "expected `*` or a property, got 'Name'"),
            ("select A, from X", "expected FROM, got `X`"),
            ("select * from 'X'", "expected a class, got 'X'"),
            ("select * from X where", "expected a property, got the end"),
            ("select * from X where A", "expected a comparison, got the end"),
            ("select * from X where A = 'b' C", "expected the end, got `C`"),
            ("select * from X where A = 'R&D ''", "a literal does not end"),
            ("select * from X; drop", "unexpected `;`"),
            ("associators of {X} where ResultClass=Y", "expected `.`, got `}`"),
            (
                "references of {X.A='1'} where AssocClass=Y",
                "expected one of ResultClass, Role, got `AssocClass`",
            ),
            ("associators of {X.A='1'} where ResultClass=Y and Role=Z", "got `and`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
