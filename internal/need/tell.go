package need

// PublishOutcomes is the operation that puts outcomes on a bus, and AnswerConfig
// the one that tells AWS Config what a rule of it asks.
var (
	PublishOutcomes = []Call{{"events", "PutEvents"}}
	AnswerConfig    = []Call{{"config", "PutEvaluations"}}
)
