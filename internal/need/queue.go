package need

// TakeMessages are the operations of taking messages from a queue, and
// KeepNotes those of putting a note into it for later: CreateSchedule, with
// iam:PassRole on the role of the schedule, where that is more than 15 minutes.
var (
	TakeMessages = []Call{{"sqs", "ReceiveMessage"}, {"sqs", "DeleteMessage"}, {"sqs", "ChangeMessageVisibility"}, {"sqs", "GetQueueAttributes"}}
	KeepNotes    = []Call{{"sqs", "SendMessage"}, {"scheduler", "CreateSchedule"}}
)
